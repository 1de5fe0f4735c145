import { collect } from '../../src/collect.ts';
import type { JaxOp } from './op.ts';

/** How jax-js computes ops of the vocabulary, by their names. */
export const ops: ReadonlyMap<string, JaxOp> = collect(
  'ops of jax-js',
  import.meta.glob<{ readonly ops: readonly JaxOp[] }>('./ops/*.ts', { eager: true }),
  (module) => module.ops.map((op) => [op.op, op] as const),
);
