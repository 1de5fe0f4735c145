import type { Value } from '../record.ts';

/** All but the last dimension as one. */
export function flatRows(value: Value): Value {
  const last = value.shape.at(-1) as number;
  return { ...value, shape: [value.data.length / last, last] };
}
