/** What may change with the step, which counts from 1: a value, or a function of the step. */
export type AtStep<T extends object> = T | ((step: number) => T);

/** The value at `step`. */
export function atStep<T extends object>(value: AtStep<T>, step: number): T {
  return typeof value === 'function' ? value(step) : value;
}
