import { collect } from '../../../src/collect.ts';
import type { Operator } from './operator.ts';

/** How ONNX says ops of the vocabulary, by their names. */
export const operators: ReadonlyMap<string, Operator> = collect(
  'operators',
  import.meta.glob<{ readonly operators: readonly Operator[] }>(
    ['./operators/*.ts', '!./operators/*.test.ts'],
    {
      eager: true,
    },
  ),
  (module) => module.operators.map((operator) => [operator.op, operator] as const),
);
