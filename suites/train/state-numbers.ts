import type { Value } from '../../src/reference/record.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { LoopState } from '../../src/train/loop/training-loop.ts';

/** All numbers of a state, as one value. */
export function numbersOf({ step, random, tensors, statistics }: LoopState): Value {
  const values = Object.values(valuesOfHosts({ ...tensors, ...statistics }));
  const data = Float64Array.from([step, random, ...values.flatMap(({ data: own }) => [...own])]);
  return { shape: [data.length], data };
}
