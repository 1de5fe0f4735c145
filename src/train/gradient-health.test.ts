import { expect, test } from 'vitest';
import { checkVanishing, vanishingRatio } from './gradient-health.ts';

const normsOf = (...norms: readonly number[]) =>
  norms.map((norm, i) => ({ layer: `layer${i + 1}`, norm }));

test('the ratio is that of the first layer to the last', () => {
  expect(vanishingRatio(normsOf(1, 7, 4))).toBe(0.25);
  expect(vanishingRatio(normsOf(3))).toBe(1);
  expect(vanishingRatio([])).toBe(0);
});

test('a gradient vanishes below a millionth of the last, and its layers are named', () => {
  expect(() => checkVanishing(normsOf(1e-6, 1, 1))).not.toThrow();
  expect(() => checkVanishing([])).not.toThrow();
  expect(() => checkVanishing(normsOf(1e-6, 5, 1))).not.toThrow();
  expect(() => checkVanishing(normsOf(9.9e-7, 5, 9e-7, 1))).toThrow(
    'the gradients of layer1, layer3 are less than 0.000001 of the last',
  );
  expect(() => checkVanishing(normsOf(1.5e-6, 2))).toThrow('layer1');
});
