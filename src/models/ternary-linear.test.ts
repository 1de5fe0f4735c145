import { expect, test } from 'vitest';
import { Tape } from '../autograd/tape.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { mapped } from '../graph/call.ts';
import { Tensor } from '../tensor/tensor.ts';
import { ternaryLinear } from './ternary-linear.ts';

test('a ternary linear tells what it made of its latent weights', async () => {
  const { gpu } = await hostGpu();
  using tape = new Tape(gpu);
  const x = Tensor.zeros(gpu, [2, 8]);
  const weight = Tensor.zeros(gpu, [3, 8]);
  const made = ternaryLinear(tape, 'fc', x, { weight });
  expect(mapped({ ...made }, ({ dtype, shape }) => [dtype, ...shape])).toEqual({
    y: ['f32', 2, 3],
    used: ['f32', 3, 8],
    // 24 trits, four a byte.
    packed: ['u8', 6],
    scale: ['f32', 1],
    threshold: ['f32', 1],
    trits: ['i8', 3, 8],
  });
});
