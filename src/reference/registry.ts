import { collect } from '../collect.ts';
import { InvariantError } from '../errors.ts';
import type { OpRecord } from './record.ts';

/**
 * Every op's record, by name: each file `src/reference/<family>/<op>.ts` exports `record` (or
 * several as values of `records`).
 */
export const records: ReadonlyMap<string, OpRecord> = collect(
  'records',
  import.meta.glob<{ record?: unknown; records?: object }>(
    ['./*/*.ts', '!./simulation/**', '!./llama/**', '!./**/*.test.ts'],
    {
      eager: true,
    },
  ),
  ({ record, records = {} }) =>
    Object.values({ record, ...records })
      .filter((entry): entry is OpRecord => entry !== undefined)
      .map((entry) => [entry.name, entry] as const),
);

/** The record of an op. Throws InvariantError where there is none. */
export function recordOf(op: string): OpRecord {
  const record = records.get(op);
  if (!record) throw new InvariantError(`${op} has no record`);
  return record;
}
