import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkVanishing, gradientNorms, vanishingRatio } from './gradient-health.ts';

const normsOf = (...norms: readonly number[]) =>
  norms.map((norm, i) => ({ layer: `layer${i + 1}`, norm }));

test('norms are read layer by layer, and nothing of them stays', async () => {
  let runs = 0;
  // The n-th sum is n.
  const { gpu } = await hostGpu({
    run: ({ label, bindings: [, y] }) => {
      if (label === 'math/reduce_sum' && y)
        new Float32Array(y.bytes.buffer, y.offset, 1)[0] = ++runs;
    },
  });
  const of = (...shape: readonly number[]) =>
    Tensor.from(gpu, hostTensorFrom('f32', shape, new Array<number>(6).fill(1)));
  const gradients = [['first', of(2, 3)] as const, ['second', of(6)] as const];
  const held = gpu.memory.ledger.liveBytes;
  expect(await gradientNorms(gradients)).toEqual([
    { layer: 'first', norm: 1 },
    { layer: 'second', norm: 2 },
  ]);
  expect(gpu.memory.ledger.liveBytes).toBe(held);
});

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
