import { expect, test } from 'vitest';
import { plannedLayers } from './policy.ts';
import { createQuantizer } from './quantizer.ts';
import { schemeOf } from './registry.ts';

const BACKEND = { name: 'every-op', supports: () => true };

test.each([
  [undefined, "undefined says not how to quantize: give { method: 'nf4' }"],
  [{ method: 'nf4', blocksize: 64 }, 'no option is named blocksize: give method, bits, groupSize'],
  [
    { method: 'nf4', computeDtype: 'float64' },
    'computeDtype float64: give float32 or float16 or bfloat16',
  ],
  [{ method: 'nf4', threshold: 6 }, 'threshold 6 of nf4: it has none'],
  [{ method: 'llm_int8', threshold: -1 }, 'threshold -1 of llm_int8: give a number from 0 on'],
  [{ method: 'llm_int8', threshold: '6' }, 'threshold 6 of llm_int8: give a number from 0 on'],
])('options %j are refused in one line', (options, says) => {
  const make = () => createQuantizer(BACKEND, options as never);
  expect(make).toThrow(expect.objectContaining({ code: 'quant-method' }));
  expect(make).toThrow(says);
});

test.each([
  [{ rest: 'none' }, 'rest none: give quantize or keep'],
  [{ rules: [{ layers: 'fc*', to: 'skip' }] }, 'to skip of the layers fc*: give keep, or'],
])('the policy %j is refused in one line', (policy, says) => {
  const plan = () => plannedLayers(['fc1'], policy as never, { method: 'nf4' });
  expect(plan).toThrow(expect.objectContaining({ code: 'quant-method' }));
  expect(plan).toThrow(says);
});

test('products in halves ask a backend for what they take', () => {
  const backend = { name: 'without-casts', supports: (op: string) => op !== 'cast' };
  expect(() => createQuantizer(backend, { method: 'nf4' })).not.toThrow();
  expect(() => createQuantizer(backend, { method: 'nf4', computeDtype: 'float16' })).toThrow(
    'nf4 on without-casts: it has no cast',
  );
});

test('a threshold is chosen where one is given', () => {
  expect(schemeOf({ method: 'llm_int8', threshold: 0 }).choice).toMatchObject({ threshold: 0 });
  expect(schemeOf({ method: 'llm_int8' }).choice).not.toHaveProperty('threshold');
});
