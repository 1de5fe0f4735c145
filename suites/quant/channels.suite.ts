import shader from '../../shaders/quant/mean_of_partials.wgsl';
import { f32, u32 } from '../../src/gpu/shader.ts';
import { absMean } from '../../src/ops/quant/abs_mean.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { tritOf } from './trits.ts';
import { normals, value } from './values.ts';

export const channels = suite('quant.channels', {
  description: 'A weight of a convolution, (64, 3, 3, 3), quantized whole and channel by channel',
});

const SHAPE = [64, 3, 3, 3];
const WIDTH = 27;
const FACTOR = Math.fround(0.7);

const mean = (sizes: Float64Array): number =>
  sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);

/** Normal weights, and behind them a weight beyond every threshold. */
function drawn(t: CaseContext): HostTensor {
  const { data } = normals(t, SHAPE);
  return hostTensorFrom('f32', SHAPE, [...data.slice(0, -1), -2]);
}

/** Asserts numbers of the device within 1e-6 of the definition's. */
function expectNear(
  t: CaseContext,
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
) {
  t.expect(actual.length === expected.length, () => `${actual.length} of ${name}`);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] as number) - (expected[i] as number));
    t.expect(error <= 1e-6, () => `${name} ${i} is ${actual[i]}, ${error} off`);
  }
}

channels
  .case('whole')
  .covers('triton.quantization.tensor-4d/per-tensor-threshold')
  .desc(
    'The threshold of the whole tensor is 0.7 of its mean magnitude within 1e-6, and its trits are those of that threshold.',
  )
  .control('means larger by 1e-3', (fault) =>
    fault.shader('quant/mean_of_partials', 'sizes.factor * sum', '1.001 * sizes.factor * sum'),
  )
  .run(async (t) => {
    const host = drawn(t);
    using weight = Tensor.from(t.gpu, host);
    const outputs = ternaryQuantize.forward(t.gpu, { weight }, {});
    try {
      const data = valuesOf(host);
      const found = valuesOf(await outputs.threshold.read());
      expectNear(t, 'threshold', found, [FACTOR * mean(data.map(Math.abs))]);
      const trits = data.map((w) => tritOf(w, found[0] as number));
      t.expectEqual('trits', value(await outputs.trits.read()), { shape: SHAPE, data: trits });
    } finally {
      for (const output of Object.values(outputs)) output[Symbol.dispose]();
    }
  });

/** The weight with its thresholds by channel, on both sides. */
function byChannel(t: CaseContext) {
  const host = drawn(t);
  const data = valuesOf(host);
  const rows = Array.from({ length: 64 }, (_, c) => data.subarray(c * WIDTH, (c + 1) * WIDTH));
  const weight = Tensor.from(t.gpu, host);
  const params = { factor: FACTOR, per_channel: true };
  const { mean: threshold } = absMean.forward(t.gpu, { weight }, params);
  const dispose = () => {
    weight[Symbol.dispose]();
    threshold[Symbol.dispose]();
  };
  return { data, rows, weight, threshold, [Symbol.dispose]: dispose };
}

channels
  .case('thresholds')
  .covers('triton.quantization.tensor-4d/per-channel-thresholds')
  .desc(
    'Each output channel has 0.7 of its own mean magnitude as threshold, within 1e-6, and the trits that this threshold makes.',
  )
  .control('the threshold of the first channel for all', (fault) =>
    fault.shader('quant/ternary_encode', 'threshold[i / sizes.width]', 'threshold[0]'),
  )
  .run(async (t) => {
    using given = byChannel(t);
    const { data, rows, weight, threshold } = given;
    const found = valuesOf(await threshold.read());
    const expected = rows.map((row) => FACTOR * mean(row.map(Math.abs)));
    expectNear(t, 'threshold', found, expected);
    using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
    const own = data.map((w, i) => tritOf(w, found[Math.floor(i / WIDTH)] as number));
    t.expectEqual('trits', value(await trits.read()), { shape: SHAPE, data: own });
  });

channels
  .case('scales')
  .covers('triton.quantization.tensor-4d/channel-scales')
  .desc('The 64 scales are the mean magnitudes of what each channel keeps, within 1e-6.')
  .control('the limit of the first channel for all', (fault) =>
    fault.shader('quant/masked_abs_sum', 'limit[row]', 'limit[0]'),
  )
  .run(async (t) => {
    using given = byChannel(t);
    const { rows, weight, threshold: limit } = given;
    using scale = absMean.forward(t.gpu, { weight, limit }, { per_channel: true }).mean;
    const limits = valuesOf(await limit.read());
    const expected = rows.map((row, c) =>
      mean(row.map(Math.abs).filter((size) => size > (limits[c] as number))),
    );
    t.expect(scale.size === 64, () => `there are ${scale.size} scales`);
    expectNear(t, 'scale', valuesOf(await scale.read()), expected);
  });

channels
  .case('grid')
  .desc(
    'A grid of more workgroups than channels, as that of 65,537 is, writes the mean of each channel and nothing behind the last.',
  )
  .control('one mean more', (fault) =>
    fault.shader('quant/mean_of_partials', 'row >= sizes.rows', 'row > sizes.rows'),
  )
  .run(async (t) => {
    // A pair of sum and count for each of four channels; the grid is told of three.
    const pairs = new Uint32Array(8);
    const sums = new Float32Array(pairs.buffer);
    for (let row = 0; row < 4; row++) {
      sums[2 * row] = 6 * (row + 1);
      pairs[2 * row + 1] = 2;
    }
    using partial = Tensor.from(t.gpu, hostTensor('u32', [8], pairs));
    using means = Tensor.zeros(t.gpu, [4]);
    t.gpu.dispatch({
      shader,
      bindings: [partial.binding, means.binding],
      uniforms: [u32(3), u32(1), f32(0.5)],
      workgroups: [2, 2, 1],
    });
    const expected = { shape: [4], data: Float64Array.of(1.5, 3, 4.5, 0) };
    t.expectEqual('means', value(await means.read()), expected);
  });
