import { InvariantError } from '../errors.ts';
import type { OpRecord } from './record.ts';

/**
 * Every op's record, by name: each file `src/reference/<family>/<op>.ts` exports `record` (or
 * several as values of `records`).
 */
export const records: ReadonlyMap<string, OpRecord> = collect(
  import.meta.glob<{ record?: unknown; records?: object }>(
    ['./*/*.ts', '!./simulation/**', '!./llama/**', '!./**/*.test.ts'],
    {
      eager: true,
    },
  ),
);

/** The record of an op. Throws InvariantError where there is none. */
export function recordOf(op: string): OpRecord {
  const record = records.get(op);
  if (!record) throw new InvariantError(`${op} has no record`);
  return record;
}

function collect(
  modules: Record<string, { record?: unknown; records?: object }>,
): Map<string, OpRecord> {
  const found = new Map<string, OpRecord>();
  for (const [path, module] of Object.entries(modules)) {
    for (const entry of [module.record, ...Object.values(module.records ?? {})]) {
      if (!entry) continue;
      const record = entry as OpRecord;
      if (found.has(record.name))
        throw new InvariantError(`two records are named ${record.name}; the second is in ${path}`);
      found.set(record.name, record);
    }
  }
  return found;
}
