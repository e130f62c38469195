/** Gives the smallest sample that p percent of all are not above; NaN of none. */
export function percentile(samples, p) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil((p / 100) * sorted.length), 1) - 1] ?? Number.NaN;
}

export const median = (samples) => percentile(samples, 50);

/** Measurements by their names. */
export class Samples {
  #byName = new Map();

  add(name, ...values) {
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), ...values]);
  }

  median(name) {
    return median(this.#byName.get(name) ?? []);
  }
}
