import { expect, test } from 'vitest';
import type { Shape } from '../tensor/shape.ts';
import { scaledDotProductAttention as attention } from './attention/scaled_dot_product_attention.ts';
import { SignatureError } from './error.ts';
import { KnownShapes } from './known-shapes.ts';

interface Call {
  readonly q: Shape;
  readonly k: Shape;
  readonly v: Shape;
  readonly mask?: Shape;
}

/** Checks a call of inputs with these shapes, and an output of shape `y`. */
function check(call: Call, y: Shape, params: object = {}): void {
  const inputs = Object.fromEntries(
    Object.entries(call).map(([name, shape]) => [name, { shape: shape as Shape }]),
  );
  const shapes = new KnownShapes({ causal: false, ...params }, inputs);
  for (const [name, rule] of Object.entries(attention.inputs)) {
    const given = inputs[name];
    if (given) shapes.check(rule, given.shape);
  }
  shapes.check(attention.outputs['y'] as (typeof attention.outputs)[string], y);
}

const FOUR = { q: [2, 6, 5, 8], k: [2, 3, 7, 8], v: [2, 3, 7, 4] } as const;
const THREE = { q: [2, 5, 48], k: [2, 7, 24], v: [2, 7, 12] } as const;
const HEADS = { heads: 6, kv_heads: 3 };

test('heads are a dimension or side by side, and key heads are shared', () => {
  expect(() => check(FOUR, [2, 6, 5, 4])).not.toThrow();
  expect(() => check(FOUR, [2, 6, 5, 4], HEADS)).not.toThrow();
  expect(() => check(THREE, [2, 5, 24], HEADS)).not.toThrow();
  expect(() => check({ ...THREE, mask: [5, 7] }, [2, 5, 24], HEADS)).not.toThrow();
  expect(() => check({ ...FOUR, mask: [2, 1, 5, 7] }, [2, 6, 5, 4])).not.toThrow();
});

test.each<[Call, Shape]>([
  [{ ...FOUR, k: [1, 3, 7, 8] }, [2, 6, 5, 4]],
  [{ ...FOUR, v: [1, 1, 7, 4] }, [2, 6, 5, 4]],
  [{ ...FOUR, q: [1, 1, 5, 8], mask: [2, 3, 5, 7] }, [2, 3, 5, 4]],
  [{ q: [2, 1, 5, 8], k: [1, 1, 7, 8], v: [1, 3, 7, 4] }, [2, 3, 5, 4]],
])('one batch stands for all, and one head: %j', (call, y) => {
  expect(() => check(call, y)).not.toThrow();
  expect(() => check(call, [1, ...y.slice(1)])).toThrow(SignatureError);
});

test.each<[Call, Shape]>([
  [{ q: [5, 8], k: [7, 8], v: [7, 4], mask: [5, 7] }, [5, 4]],
  [{ q: [5, 8], k: [6, 7, 8], v: [7, 4], mask: [6, 1, 7] }, [6, 5, 4]],
  [{ q: [6, 5, 8], k: [2, 7, 8], v: [2, 7, 4], mask: [6, 5, 7] }, [6, 5, 4]],
  [{ q: [2, 1, 6, 5, 8], k: [3, 2, 7, 8], v: [7, 4], mask: [2, 3, 1, 1, 7] }, [2, 3, 6, 5, 4]],
])('batches are any number of dimensions before heads, or none: %j', (call, y) => {
  expect(() => check(call, y)).not.toThrow();
  expect(() => check(call, [1, ...y])).toThrow(SignatureError);
  expect(() => check({ ...call, mask: [1, ...y.slice(0, -1), 7] }, y)).toThrow(
    'does not broadcast',
  );
});

test.each<[string, Call, object, string]>([
  ['another number of heads', FOUR, { heads: 5 }, 'there are 6 heads and not 5'],
  ['another number of key heads', FOUR, { kv_heads: 2 }, 'there are 3 heads and not 2'],
  ['no number of heads', THREE, { kv_heads: 3 }, '[B, S, H*D] needs the number of heads'],
  ['heads that cannot be shared', { ...FOUR, k: [2, 4, 7, 8] }, {}, '6 query heads cannot share 4'],
  ['a width that does not split', { ...THREE, q: [2, 5, 47] }, HEADS, 'the last dimension 47'],
  ['one dimension', { ...FOUR, q: [8] }, {}, 'neither [..., H, S, D] nor [S, D]'],
  ['two beside heads', { ...FOUR, q: [5, 8] }, HEADS, 'neither [..., H, S, D] nor [B, S, H*D]'],
  ['five beside heads in a row', { ...THREE, k: [1, 2, 3, 7, 8] }, HEADS, '[2, 3, 7, 8] is needed'],
  ['another batch', { ...FOUR, k: [3, 3, 7, 8] }, {}, '2 and 3 do not broadcast'],
  ['other heads of values', { ...FOUR, v: [2, 2, 7, 4] }, {}, 'do not broadcast'],
  ['one batch beside', { ...THREE, k: [1, 7, 24] }, HEADS, '[2, 7, 24] is needed'],
  ['another width of keys', { ...FOUR, k: [2, 3, 7, 9] }, {}, '[2, 3, 7, 8] is needed'],
  ['another width beside', { ...THREE, k: [2, 7, 27] }, HEADS, '[2, 7, 24] is needed'],
  ['another length of values', { ...FOUR, v: [2, 3, 6, 4] }, {}, '[2, 3, 7, 4] is needed'],
  ['a mask of queries alone', { ...FOUR, mask: [5, 5] }, {}, 'do not broadcast'],
  ['a mask that is wider', { ...FOUR, mask: [1, 2, 6, 5, 7] }, {}, 'does not broadcast to'],
])('%s is refused', (_, call, params, says) => {
  expect(() => check(call, [2, 6, 5, 4], params)).toThrow(SignatureError);
  expect(() => check(call, [2, 6, 5, 4], params)).toThrow(says);
});

test.each<[Call, Shape, object]>([
  [FOUR, [2, 6, 5, 8], {}],
  [FOUR, [2, 3, 5, 4], {}],
  [FOUR, [2, 6, 7, 4], {}],
  [THREE, [2, 5, 12], HEADS],
  [THREE, [2, 7, 24], HEADS],
])('of %j an output %j is refused', (call, y, params) => {
  expect(() => check(call, y, params)).toThrow(SignatureError);
});
