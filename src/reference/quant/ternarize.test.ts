import { expect, test } from 'vitest';
import { drawSample } from '../drawn.ts';
import { record } from './ternarize.ts';

const bitsOf = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0] as number;

test('a weight at a limit that was drawn may be either, and no other is', () => {
  // The limits are 0, and what is flushed is 0 too.
  const weight = { shape: [4], data: Float64Array.of(2 ** -126, -(2 ** -126), 2 ** -125, 1) };
  const inputs = { weight, threshold: { shape: [1], data: Float64Array.of(0) } };
  const params = { seed: 5 };
  const { trits } = record.acceptance(inputs, record.forward(inputs, params), params, {
    depth: (terms) => terms,
    ieee: false,
  });
  if (trits?.kind !== 'codes') throw new TypeError('no codes');
  const right = (i: number) => [-1, 0, 1].filter((trit) => trits.accepts(i, trit));
  expect([0, 1, 2, 3].map(right)).toEqual([[0, 1], [-1, 0], [1], [1]]);
  expect(trits.inBand).toBe(2);
});

test('corners are on the threshold, one float to either side of it, and far from it', () => {
  const corners = record.samples.find(({ label }) => label['values'] === 'corners');
  if (!corners) throw new RangeError('no corners');
  const { weight } = drawSample(corners).inputs;
  const away = Array.from(weight?.data ?? [], (w) => bitsOf(Math.abs(w)) - bitsOf(0.5));
  expect(away.slice(0, 6)).toEqual([0, 0, -1, -1, 1, 1]);
  expect(Array.from(weight?.data ?? [], Math.sign)).toEqual([1, -1, 1, -1, 1, -1, 0, -0, 1, -1]);
  const { trits } = record.forward(drawSample(corners).inputs, corners.params);
  expect([...(trits?.data ?? [])]).toEqual([0, 0, 0, 0, 1, -1, 0, 0, 1, -1]);
});
