import { expect, test } from 'vitest';
import { drawSample } from '../drawn.ts';
import { record } from './ternarize.ts';

const bitsOf = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0] as number;

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
