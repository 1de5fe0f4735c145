import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { conv2d as signature } from '../../vocabulary/conv/conv2d.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum } from '../simulation/sums.ts';
import { productsOf } from './conv2d.ts';

/** Sums over the channels of images [N, C, H, W]: first of every image. */
export function channelSums(gpu: SimulatedGpu, { shape, data }: Value): Float64Array {
  const [batch, channels, ...image] = shape as [number, number, number, number];
  const size = sizeOf(image);
  const perImage = Float64Array.from({ length: batch * channels }, (_, i) =>
    chainSum(gpu, data.subarray(i * size, (i + 1) * size)),
  );
  return Float64Array.from({ length: channels }, (_, c) =>
    chainSum(
      gpu,
      perImage.filter((__, i) => i % channels === c),
    ),
  );
}

function sample(
  x: Shape,
  weight: Shape,
  params: GivenParams<typeof signature>,
  elements: Elements,
): SampleOf<typeof signature> {
  const { shape } = productsOf(x, weight, completed(signature, params));
  return {
    level: 'legal',
    label: { x: formatShape(x), weight: formatShape(weight), elements },
    params,
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      weight: drawTensor(random, weight, elements),
      bias: drawTensor(random, weight.slice(0, 1), elements),
    }),
    grads: (random) => ({ y: drawTensor(random, shape, elements) }),
  };
}

/**
 * Every sum is a chain; zeros around x add nothing. The weight's gradient is summed sample by
 * sample first, as it is of small weights.
 */
export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, weight, bias }, params) => {
    const { shape, each } = productsOf(x.shape, weight.shape, params);
    const data = new Float64Array(sizeOf(shape));
    each((y, i, w) => {
      data[y] = gpu.mulAdd(weight.data[w] as number, x.data[i] as number, data[y] as number);
    });
    const positions = sizeOf(shape.slice(2));
    const withBias =
      bias &&
      data.map((sum, i) =>
        gpu.add(sum, bias.data[Math.floor(i / positions) % bias.data.length] as number),
      );
    return { y: { shape, data: withBias ?? data } };
  },
  backward: (gpu, { x, weight, bias }, params, { y: dy }) => {
    const dx = new Float64Array(x.data.length);
    const perSample = Array.from(
      { length: x.shape[0] as number },
      () => new Float64Array(weight.data.length),
    );
    productsOf(x.shape, weight.shape, params).each((y, i, w, n) => {
      const gradOutput = dy.data[y] as number;
      const partial = perSample[n] as Float64Array;
      dx[i] = gpu.mulAdd(weight.data[w] as number, gradOutput, dx[i] as number);
      partial[w] = gpu.mulAdd(gradOutput, x.data[i] as number, partial[w] as number);
    });
    const dw = weight.data.map((_, w) =>
      chainSum(
        gpu,
        perSample.map((partial) => partial[w] as number),
      ),
    );
    return {
      x: { shape: x.shape, data: dx },
      weight: { shape: weight.shape, data: dw },
      ...(bias ? { bias: { shape: bias.shape, data: channelSums(gpu, dy) } } : {}),
    };
  },
  samples: [
    sample([2, 6, 9, 9], [5, 6, 3, 3], { padding: [1, 1, 1, 1] }, 'positive'),
    sample([1, 128, 4, 4], [3, 128, 3, 3], {}, 'positive'),
    sample([4, 2, 33, 17], [2, 1, 2, 2], { groups: 2 }, 'normal'),
  ],
});
