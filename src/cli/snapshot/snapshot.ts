import * as v from 'valibot';
import { STATUSES } from '../../report/schema.ts';

/** What a case, or the replay of a bundle, came to. */
const caseSnapshot = v.strictObject({
  status: v.picklist(STATUSES),
  /** Code of the finding, the error or the skip. */
  code: v.exactOptional(v.string()),
  kernels: v.array(v.string()),
  /** SHA-256 of all that it read back; absent where its worker gave no answer. */
  reads: v.exactOptional(v.string()),
});
export type CaseSnapshot = v.InferOutput<typeof caseSnapshot>;

/**
 * What the suite makes of a mutant: its report's code, as `killed`, `survived`, `invalid` or
 * `equivalent`.
 */
const mutantSnapshot = v.strictObject({
  /** Path in shaders/ without extension. */
  kernel: v.string(),
  /** Operator, changed fragment, what became of it, and which occurrence of the fragment it is. */
  change: v.string(),
  verdict: v.string(),
});
export type MutantSnapshot = v.InferOutput<typeof mutantSnapshot>;

/** All that a change of the code alone must leave as it is. */
export const snapshotSchema = v.strictObject({
  schema: v.literal('gradproof-snapshot/1'),
  commit: v.string(),
  takenAt: v.string(),
  /** Runtime and adapter with their versions: between two of them bits may differ. */
  runtime: v.string(),
  planHash: v.string(),
  /** By `id backend`, as the following. */
  cases: v.record(v.string(), caseSnapshot),
  bundles: v.record(v.string(), caseSnapshot),
  mutants: v.exactOptional(v.pipe(v.array(mutantSnapshot), v.readonly())),
});
export type Snapshot = v.InferOutput<typeof snapshotSchema>;
