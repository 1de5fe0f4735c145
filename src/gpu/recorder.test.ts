import { expect, test } from 'vitest';
import { flopsOf } from './recorder.ts';

const memory = { buffer: {} as GPUBuffer, offset: 0, bytes: 96 };

test('a launch that does not say how much it computes is reckoned by what it is given', () => {
  const bindings = [64, 32].map((size) => ({ memory, offset: 0, size }) as never);
  expect(flopsOf({ bindings })).toBe(192);
  expect(flopsOf({ bindings, flops: 7 })).toBe(7);
  expect(flopsOf({ bindings: [] })).toBe(0);
});
