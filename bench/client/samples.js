/** Gives the smallest sample that p percent of all are not above; NaN of none. */
function percentile(samples, p) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil((p / 100) * sorted.length), 1) - 1] ?? Number.NaN;
}

/** Measurements by their names. */
export class Samples {
  #byName = new Map();

  add(name, ...values) {
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), ...values]);
  }

  median(name) {
    return this.percentile(name, 50);
  }

  percentile(name, p) {
    return percentile(this.#byName.get(name) ?? [], p);
  }
}
