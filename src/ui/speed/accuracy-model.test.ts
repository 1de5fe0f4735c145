import { expect, test } from 'vitest';
import type { CaseResult } from '../../report/schema.ts';
import { accuracyModel, binOf, SCALE } from './accuracy-model.ts';

const result = (suite: string, boundUsed: number | null, status = 'pass') =>
  ({
    id: `${suite}:x`,
    suite,
    status,
    accuracy: { maxAbs: 1, boundUsed },
  }) as unknown as CaseResult;

test('groups by family, largest share first, and counts what had to be equal', () => {
  const { shares, families, exact } = accuracyModel([
    result('ops.nn.silu', 0.01),
    result('ops.quant.quantize_4bit', 0),
    result('ops.nn.softmax', 3, 'fail'),
    result('train.tape', null, 'fail'),
    { id: 'a:b', suite: 'a', status: 'skip' } as CaseResult,
  ]);
  expect(shares.map(({ family, share }) => [family, share])).toEqual([
    ['train', Number.POSITIVE_INFINITY],
    ['nn', 3],
    ['nn', 0.01],
  ]);
  expect(exact).toBe(1);
  expect(families.map(({ name, wrong }) => [name, wrong.length])).toEqual([
    ['nn', 1],
    ['train', 1],
  ]);
  expect(families[0]?.counts.reduce((a, b) => a + b)).toBe(2);
});

test('bins are equally wide on a logarithmic scale, and hold what lies beyond its ends', () => {
  expect([1e-9, SCALE.from, 1e-5, 1, 10, Number.POSITIVE_INFINITY].map(binOf)).toEqual([
    0, 0, 10, 60, 69, 69,
  ]);
});
