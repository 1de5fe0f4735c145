import { afterAll, beforeAll, expect, test } from 'vitest';
import { capture } from '../../autograd/capture.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { quantile } from '../../ops/math/quantile.ts';
import { sparseTernarize } from '../../ops/quant/sparse_ternarize.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Searches for elements of a rank in captured steps: each replay begins anew. */

const SHAPE = [3, 701] as const;

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const drawn = (seed: number) => {
  const random = new Random(seed);
  return hostTensorFrom(
    'f32',
    SHAPE,
    random.fill(SHAPE[0] * SHAPE[1], () => random.normal()),
  );
};

test.each([1, 2])(
  'median and rank of weights %i are those of the weights of a replay',
  async (seed) => {
    const weights = [drawn(seed), drawn(seed + 10), drawn(seed + 20)];
    using x = Tensor.from(gpu, weights[0] as (typeof weights)[number]);
    const calibrated = () => {
      const { y } = quantile.forward(gpu, { x }, { q: 0.5, absolute: true });
      const sparse = sparseTernarize.forward(gpu, { weight: x }, { amount: 0.5 });
      return { y, ...sparse };
    };
    using step = await capture(gpu, calibrated);
    for (const weight of weights) {
      x.write(weight);
      const replayed = step.run();
      const magnitudes = valuesOf(weight).map(Math.abs).sort();
      expect(valuesOf(await replayed.y.read())).toEqual(
        Float64Array.of(magnitudes[1051] as number),
      );
      const trits = valuesOf(await replayed.trits.read());
      expect(trits.filter((trit) => trit === 0)).toHaveLength(1052);
    }
  },
);
