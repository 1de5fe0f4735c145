import { collect } from '../../src/collect.ts';
import type { TfOp } from './op.ts';

/** How TensorFlow.js computes ops of the vocabulary, by their names. */
export const ops: ReadonlyMap<string, TfOp> = collect(
  'ops of TensorFlow.js',
  import.meta.glob<{ readonly ops: readonly TfOp[] }>('./ops/*.ts', { eager: true }),
  (module) => module.ops.map((op) => [op.op, op] as const),
);
