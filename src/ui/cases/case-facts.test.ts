import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult } from '../../report/schema.ts';
import { factsOfCase } from './case-facts.ts';

const entry: PlanEntry = {
  id: 'ops.matmul.matmul:legal',
  backend: 'webgpu',
  suite: 'ops.matmul.matmul',
  tier: 'quick',
  description: '',
  control: 'last k-step dropped',
  covers: [],
};
const passed: CaseResult = {
  id: entry.id,
  suite: entry.suite,
  backend: 'webgpu',
  env: 0,
  covers: [],
  tier: 'quick',
  status: 'pass',
  durationMs: 12.34,
  attempts: 1,
  assertions: 1961,
  kernels: ['matmul/matmul'],
  accuracy: { maxAbs: 1e-7, maxRel: 1e-6, maxUlp: 2, boundUsed: 0.0123, typicalUsed: null },
  control: { fault: 'last k-step dropped', status: 'not-run' },
};
const text = (term: string, result?: CaseResult) =>
  factsOfCase(entry, result).find((fact) => fact.term === term)?.text;

test('before a run there is only the plan', () => {
  expect(factsOfCase(entry, undefined)).toEqual([
    { term: 'Must fail when', text: 'last k-step dropped', foreign: true },
  ]);
});

test('shows evidence of a case that is right', () => {
  expect(text('Numbers compared', passed)).toBe('1,961');
  expect(text('Bound used', passed)).toBe('1.2% of the error that a right chip may make');
  expect(text('Kernels', passed)).toBe('matmul/matmul');
  expect(text('Took', passed)).toBe('12\u202fms with set-up and judging');
});

test('says of how many elements of a recording nothing is known', () => {
  const metrics = { 'unjudged.recorded': 1200, 'planted.F32': 1 };
  expect(text('Without a verdict', { ...passed, metrics })).toBe(
    '1,200 recorded numbers and 0 of ours: they depend on a NaN or an infinity, or may overflow',
  );
  expect(text('unjudged.recorded', { ...passed, metrics })).toBeUndefined();
  expect(text('planted.F32', { ...passed, metrics })).toBe('1');
  expect(text('Without a verdict', passed)).toBeUndefined();
});

test('shows the first wrong element', () => {
  const at = { index: [3, 0], actual: null, expected: 0.5 };
  const failed: CaseResult = {
    ...passed,
    status: 'fail',
    error: { code: 'out-of-bound', message: 'y is out of its bound', at },
  };
  expect(
    factsOfCase(entry, failed)
      .map(({ term }) => term)
      .slice(0, 2),
  ).toEqual(['What is wrong', 'First wrong element']);
  expect(text('Numbers compared', failed), 'only what held is counted').toBeUndefined();
  expect(text('First wrong element', failed)).toBe('[3, 0] is not a finite number, should be 0.5');
});

test('an error beyond its bound is counted in bounds', () => {
  const accuracy = { maxAbs: 1, maxRel: 1, maxUlp: 1, boundUsed: 2391.4, typicalUsed: 1.5 };
  expect(text('Bound used', { ...passed, accuracy })).toBe(
    '2,390 times the error that a right chip may make; 150% of what is typical',
  );
});

test('a value wrong at a bound of zero has no share of it', () => {
  const accuracy = { maxAbs: 1, maxRel: null, maxUlp: null, boundUsed: null, typicalUsed: null };
  expect(text('Bound used', { ...passed, accuracy })).toBe('wrong where no error is allowed');
});

test('says that the control was seen red, why a case was skipped, and that a recording is off', () => {
  expect(text('Was seen to fail when', { ...passed, control: { fault: 'x', status: 'red' } })).toBe(
    'last k-step dropped',
  );
  const skipped: CaseResult = {
    ...passed,
    status: 'skip',
    skip: { code: 'missing-feature', detail: 'shader-f16' },
  };
  expect(text('Skipped because', skipped)).toBe('missing feature: shader-f16');
  const finding = {
    code: 'producer-deviates',
    message: 'dequant is off',
    at: { index: [5], actual: 2, expected: 1 },
  };
  expect(text('The recording is off', { ...passed, finding })).toBe('dequant is off');
  expect(text('First wrong element', { ...passed, finding })).toBe('[5] is 2, should be 1');
});
