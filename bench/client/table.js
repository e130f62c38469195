/** A figure as it is printed: what was measured, and which targets were met. */
export class Table {
  #title;
  #about;
  #columns;
  #rows = [];
  #targets = [];

  constructor(title, about, columns) {
    this.#title = title;
    this.#about = about;
    this.#columns = columns;
  }

  /** Adds a row; numbers are written as wide as they can be trusted. */
  row(...cells) {
    this.#rows.push(cells.map((cell) => (typeof cell === 'number' ? number(cell) : String(cell))));
  }

  atLeast(what, value, aim, unit) {
    this.#target(what, `≥ ${number(aim)}${unit}`, value, unit, value >= aim);
  }

  atMost(what, value, aim, unit) {
    this.#target(what, `≤ ${number(aim)}${unit}`, value, unit, value <= aim);
  }

  toString() {
    const grids = [grid(this.#columns, this.#rows)];
    if (this.#targets.length > 0) grids.push(grid(['target', 'aim', 'measured', 'met'], this.#targets));
    return [`## ${this.#title}`, this.#about, ...grids].filter(Boolean).join('\n\n');
  }

  #target(what, aim, value, unit, met) {
    const [measured, verdict] = Number.isNaN(value)
      ? ['-', 'not measured']
      : [number(value) + unit, met ? 'yes' : 'no'];
    this.#targets.push([what, aim, measured, verdict]);
  }
}

/** Writes three figures or all before the point, with a comma at each thousand. */
function number(value) {
  if (Number.isNaN(value)) return '-';
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function grid(columns, rows) {
  const widths = columns.map((_, i) => Math.max(...[columns, ...rows].map((row) => row[i].length)));
  const line = (row, pad) => {
    const cells = row.map((cell, i) =>
      isNumber(cell) ? cell.padStart(widths[i], pad) : cell.padEnd(widths[i], pad),
    );
    return `| ${cells.join(' | ')} |`;
  };
  const dashes = columns.map(() => '');
  return [line(columns, ' '), line(dashes, '-'), ...rows.map((row) => line(row, ' '))].join('\n');
}

const isNumber = (cell) => cell === '-' || /^[\d+-]\S*$/.test(cell);
