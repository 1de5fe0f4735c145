import { InvariantError } from '../errors.ts';
import type { Runner } from '../graph/run.ts';
import type { OpRecord, Value } from './record.ts';
import { records } from './registry.ts';

/**
 * Runs the calls of a graph by the records alone. Values stay in float64 between calls: an error
 * that is measured against them is the device's own, and no rounding of the oracle's.
 */
export const referenceRunner: Runner<Value> = {
  run: ({ op, params, inputs }) => recordOf(op.name).forward(inputs, params),
  view: (value, shape) => ({ ...value, shape }),
};

/** The record of an op. Throws InvariantError where there is none. */
export function recordOf(op: string): OpRecord {
  const record = records.get(op);
  if (!record) throw new InvariantError(`${op} has no record`);
  return record;
}
