import type { Gpu } from '../../src/gpu/gpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { histogram } from '../../src/ops/math/histogram.ts';
import { histogramQuantile } from '../../src/ops/math/histogram_quantile.ts';
import { quantile } from '../../src/ops/math/quantile.ts';
import { absMean } from '../../src/ops/quant/abs_mean.ts';
import { minmaxObserver } from '../../src/ops/quant/minmax_observer.ts';
import { mseObserver } from '../../src/ops/quant/mse_observer.ts';
import { quantizers } from '../../src/ops/quant/quantize.ts';
import { type RunningMean, runningAbsMean } from '../../src/ops/quant/running-abs-mean.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { EPS, FLUSH } from '../../src/reference/bounds.ts';
import { record as absMeanRecord } from '../../src/reference/quant/abs_mean.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { sortedQuantile } from './order-statistics.ts';
import { tritOf } from './trits.ts';
import { value } from './values.ts';
import { withoutReads } from './without-reads.ts';

export const calibration = suite('quant.calibration', {
  description: 'Quantiles and means of batches that come one after the other',
});

const BINS = 256;
const WIDTH = 12 / BINS;
const EDGES = Array.from({ length: BINS + 1 }, (_, i) => i * WIDTH - 6);
const Q = 0.7;

/** Ten batches of 32 x 64, each a little wider than the one before. */
function batches(t: CaseContext): HostTensor[] {
  return Array.from({ length: 10 }, (_, i) => {
    const random = t.random(i);
    const data = random.fill(32 * 64, () => random.normal(0.5 + 0.05 * i));
    return hostTensorFrom('f32', [32, 64], data);
  });
}

/**
 * Counts the batches on the device, in their order; after each `onBatch` is called, while only the
 * counts are left.
 */
async function streamed(t: CaseContext, hosts: readonly HostTensor[], onBatch = () => {}) {
  using edges = Tensor.from(t.gpu, hostTensorFrom('f32', [BINS + 1], EDGES));
  let counts: Tensor | undefined;
  for (const host of hosts) {
    using x = Tensor.from(t.gpu, host);
    const next = histogram.forward(t.gpu, { x, edges, counts }, {}).counts;
    counts?.[Symbol.dispose]();
    counts = next;
    onBatch();
  }
  using total = counts as Tensor;
  using quantile = histogramQuantile.forward(t.gpu, { counts: total, edges }, { q: Q }).y;
  const [read, found] = await Promise.all([total.read(), quantile.read()]);
  return { counts: value(read), quantile: value(found).data[0] as number };
}

calibration
  .case('quantile')
  .covers('triton.quantization.calibration-with-dataset/percentile-within-bin')
  .desc(
    'The 0.7 quantile by the counts of ten batches is within one bin of that of all 20,480 values.',
  )
  .control('only the last batch is counted', (fault) =>
    fault.launch('histogram.forward', ([gpu, { counts: _, ...inputs }, ...rest]) => [
      gpu,
      inputs,
      ...rest,
    ]),
  )
  .run(async (t) => {
    const hosts = batches(t);
    const { quantile, counts } = await streamed(t, hosts);
    const all = Float64Array.from(hosts.flatMap((host) => [...valuesOf(host)])).sort();
    const seen = counts.data.reduce((sum, each) => sum + each, 0);
    t.expect(seen === 320 * 64, () => `${seen} values were counted`);
    const error = Math.abs(quantile - sortedQuantile(all, Q));
    t.expect(error <= WIDTH, () => `the quantile is ${error} off, a bin is ${WIDTH}`);
  });

calibration
  .case('any-order')
  .covers('triton.quantization.calibration-with-dataset/order-invariant')
  .desc(
    'In the reverse order, and with the odd batches first, the counts and the quantile are equal.',
  )
  .control('the second batch is not counted', (fault) =>
    fault.host('histogram.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, ...rest) => {
        calls++;
        if (calls % 10 !== 2) return original(gpu, inputs, ...rest);
        return { counts: inputs.counts.clone() };
      };
    }),
  )
  .run(async (t) => {
    const hosts = batches(t);
    const first = await streamed(t, hosts);
    const odd = [...hosts.filter((_, i) => i % 2), ...hosts.filter((_, i) => i % 2 === 0)];
    for (const order of [hosts.toReversed(), odd]) {
      const other = await streamed(t, order);
      t.expectEqual('counts', other.counts, first.counts);
      t.expect(other.quantile === first.quantile, () => `the quantile is ${other.quantile}`);
    }
  });

calibration
  .case('memory')
  .covers('triton.quantization.calibration-with-dataset/memory-constant')
  .desc(
    'By the ledger ten batches take what two take: the same bytes live after each, and the same peak.',
  )
  .control('every batch is kept', (fault) =>
    fault.host('histogram.forward', (original) => (gpu, ...rest) => {
      Tensor.zeros(gpu, [32, 64]);
      return original(gpu, ...rest);
    }),
  )
  .run(async (t) => {
    const { memory } = t.gpu;
    memory.resetPeak();
    const live: number[] = [];
    const peaks: number[] = [];
    await streamed(t, batches(t), () => {
      live.push(memory.ledger.liveBytes);
      peaks.push(memory.ledger.peakBytes);
    });
    t.expect(live.length === 10, () => `${live.length} batches were seen`);
    t.expect(new Set(live).size === 1, () => `bytes after each batch: ${live.join(', ')}`);
    // The first has no counts before it.
    t.expect(new Set(peaks.slice(1)).size === 1, () => `peaks: ${peaks.join(', ')}`);
  });

/** Columns of each batch; its rows are channels where these have means of their own. */
const COLUMNS = [64, 5, 130, 1, 33];

/** |x| times 0.7 on average over all batches, with how far a legal GPU may be off in each step. */
function meanOf(
  hosts: readonly HostTensor[],
  params: { readonly factor: number; readonly per_channel: boolean },
) {
  const arithmetic = { depth: depthOf(absMean.variants['lanes']), ieee: false };
  let count = 0;
  let mean: Value | undefined;
  let bound: Float64Array | undefined;
  for (const host of hosts) {
    const inputs = { weight: value({ shape: host.shape, data: valuesOf(host) }) };
    const of = absMeanRecord.forward(inputs, params);
    const batch = of['mean'] as Value;
    const own = inputs.weight.data.length / batch.data.length;
    const { bound: off } = absMeanRecord.acceptance(inputs, of, params, arithmetic)[
      'mean'
    ] as Extract<Acceptance, { kind: 'within' }>;
    count += own;
    const share = own / count;
    const from = mean?.data ?? batch.data;
    const fromOff = bound ?? off;
    const next = from.map((x, c) => x + share * ((batch.data[c] as number) - x));
    // Share, difference and product round at the size of the step, the sum at that of the mean.
    bound = next.map((y, c) => {
      const step = share * Math.abs((batch.data[c] as number) - (from[c] as number));
      const carried = (1 - share) * (fromOff[c] as number) + share * (off[c] as number);
      return carried + 4 * EPS * step + 2 * EPS * y + 4 * FLUSH;
    });
    mean = { shape: batch.shape, data: next };
  }
  return { mean: mean as Value, bound: bound as Float64Array };
}

calibration
  .case('mean', { per_channel: [false, true] })
  .desc(
    'The threshold 0.7 mean |x| of five batches of different sizes, gone on with on the device, is within its bound in either order, and trits follow from it.',
  )
  .control('every batch weighs as much as those before it', (fault) =>
    fault.host(
      'quant.running_abs_mean',
      (original) => (gpu, x, params, before) =>
        original(gpu, x, params, before && { ...before, count: x.size / before.mean.size }),
    ),
  )
  .run(async (t) => {
    const params = { factor: 0.7, per_channel: t.params['per_channel'] === true };
    const hosts = COLUMNS.map((columns, i) => {
      const random = t.random(i);
      const data = random.fill(24 * columns, () => random.normal(0.3 + i));
      return hostTensorFrom('f32', [24, columns], data);
    });
    for (const order of [hosts, hosts.toReversed()]) {
      const { mean, bound } = meanOf(order, params);
      let running: RunningMean | undefined;
      for (const host of order) {
        using x = Tensor.from(t.gpu, host);
        const next = runningAbsMean(t.gpu, x, params, running);
        running?.mean[Symbol.dispose]();
        running = next;
      }
      const { mean: found, count } = running as RunningMean;
      using threshold = found;
      const weight = order[0] as HostTensor;
      using x = Tensor.from(t.gpu, weight);
      using trits = ternarize.forward(t.gpu, { weight: x, threshold }, {}).trits;
      const actual = value(await threshold.read());
      t.expectAccepted('threshold', actual, mean, { kind: 'within', bound });
      t.expectEqual('trits', value(await trits.read()), {
        shape: weight.shape,
        data: Float64Array.from(valuesOf(weight), (w, i) =>
          tritOf(
            w,
            actual.data[
              params.per_channel ? Math.floor(i / (weight.shape[1] as number)) : 0
            ] as number,
          ),
        ),
      });
      t.expect(count === (params.per_channel ? 233 : 24 * 233), () => `${count} were counted`);
    }
  });

const DOUBLE = {
  quant_type: 'nf4',
  blocksize: 64,
  compress_statistics: true,
  nested_rounding: 'nearest',
} as const;

/** What finds ranges, thresholds and scales of x, and what goes on with those of a batch before it. */
const CALIBRATED: Readonly<Record<string, (gpu: Gpu, x: Tensor) => Tensors>> = {
  'min-max': (gpu, x) => ({ ...minmaxObserver.forward(gpu, { x }, { ch_axis: 0 }) }),
  'least squares': (gpu, x) => ({ ...mseObserver.forward(gpu, { x }, { ch_axis: 0 }) }),
  percentile: (gpu, x) => ({ ...quantile.forward(gpu, { x }, { q: 0.99, absolute: true }) }),
  median: (gpu, x) => ({ ...quantile.forward(gpu, { x }, { q: 0.5, per_channel: true }) }),
  mean: (gpu, x) => ({ ...absMean.forward(gpu, { weight: x }, { factor: 0.7 }) }),
  'streamed mean': (gpu, x) => {
    const params = { factor: 0.7, per_channel: false };
    const before = runningAbsMean(gpu, x, params);
    return { first: before.mean, mean: runningAbsMean(gpu, x, params, before).mean };
  },
  'double quantization': (gpu, x) => ({
    ...(quantizers.get('quantize_4bit')?.forward(gpu, { weight: x }, DOUBLE) as Tensors),
  }),
};

calibration
  .case('no-readback')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Ranges, percentile, median, means and double quantization are one submit each; the host waits for nothing, and a read throws.',
  )
  .control('a batch is read before its range is found', (fault) =>
    fault.host('minmax_observer.forward', (original) => (gpu, inputs, ...rest) => {
      void inputs.x.read();
      return original(gpu, inputs, ...rest);
    }),
  )
  .run(async (t) => {
    const [batch] = batches(t) as [HostTensor];
    using x = Tensor.from(t.gpu, batch);
    for (const [name, calibrated] of Object.entries(CALIBRATED)) {
      using scope = new Scope();
      const { submits } = withoutReads(t, name, () => scope.addAll(calibrated(t.gpu, x)));
      t.expect(submits === 1, () => `${name} takes ${submits} submits`);
    }
  });
