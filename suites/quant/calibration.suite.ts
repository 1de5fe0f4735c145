import { histogram } from '../../src/ops/math/histogram.ts';
import { histogramQuantile } from '../../src/quant/histogram-quantile.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { sortedQuantile } from './order-statistics.ts';
import { value } from './values.ts';

export const calibration = suite('quant.calibration', {
  description: 'A quantile of ten batches, by a histogram that counts one after the other',
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
  const read = value(await total.read());
  return { counts: read, quantile: histogramQuantile(read.data, EDGES, Q) };
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
