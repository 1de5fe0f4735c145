import { expect, test } from 'vitest';
import type { CaseResult } from '../../report/schema.ts';
import { probeThatApplies } from './probe-that-applies.ts';

const probe = {
  rounding: 'nearest',
  exactDivision: true,
  exactSqrt: false,
  contraction: 'fused',
  timestampQuantumNs: 100,
};
const result = { accuracy: {} } as CaseResult;
const keys = (code: string, of: CaseResult = result) =>
  probeThatApplies(probe, [code], of).map(({ key }) => key);

test('only the facts about operations of its kernels apply to a case', () => {
  expect(keys('y = a + b; // a / b')).toEqual(['rounding']);
  expect(keys('y = a / sqrt(b);')).toEqual(['rounding', 'exactDivision', 'exactSqrt']);
  expect(keys('y = a * x + b;')).toEqual(['rounding', 'contraction']);
  expect(keys('y = a;', { gpuMs: 1 } as CaseResult)).toEqual(['timestampQuantumNs']);
});
