import type { OpRecord, RecordFault } from '../reference/record.ts';
import { SuiteError } from './suite.ts';

/** Calls that a fault is to turn red. */
interface Broken {
  readonly direction: 'forward' | 'backward';
  readonly variant: string;
  /** Whether they compute integers. Default false. */
  readonly integers?: boolean | undefined;
}

/** The record's fault that turns such calls red. Throws SuiteError where it names none. */
export function faultOf(
  { name, faults }: OpRecord,
  { direction, variant, integers = false }: Broken,
): RecordFault {
  const fault = faults.find(
    (each) =>
      (each.direction ?? 'forward') === direction &&
      (each.variants?.includes(variant) ?? true) &&
      (each.integers ?? integers) === integers,
  );
  if (!fault)
    throw new SuiteError(`record ${name} names no fault for ${direction} of variant ${variant}`);
  return fault;
}
