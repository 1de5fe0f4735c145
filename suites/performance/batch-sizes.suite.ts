import { seam } from '../../src/seam.ts';
import {
  interleavedLatencies,
  interleavedOrder,
  lineThrough,
  statisticsOf,
} from '../../src/testing/latency.ts';
import { suite } from '../../src/testing/suite.ts';
import { timedGate } from '../../src/testing/timed-gate.ts';
import { LayerBatches, plantedClock } from './layer-batches.ts';

export const batchSizes = suite('performance.batch-sizes', {
  description:
    'A linear layer with batches of 1 to 32 rows: results, dispatches, times and their fit',
});

const SIZES = [1, 4, 8, 16, 32];
const ROUNDS = 8;
const NO_BIAS = 'no bias';

/** What is given to the layer, without its bias. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments of a launch.
const withoutBias = ([gpu, { a, b }, params, variant]: any[]) => [gpu, { a, b }, params, variant];

batchSizes
  .case('outputs')
  .covers('triton.performance.batch-size-scaling/outputs-checked')
  .desc('Batches of 1, 4, 8, 16 and 32 rows of integers give exactly what they must.')
  .control(NO_BIAS, (fault) => fault.launch('matmul.forward', withoutBias))
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    for (const job of batches.jobs) job();
    await batches.expectExact();
  });

batchSizes
  .case('dispatches')
  .covers('triton.performance.batch-size-scaling/dispatches-equal')
  .desc('A batch of any of these sizes takes as many dispatches as one row.')
  .control('two launches for the largest', (fault) =>
    fault.host('matmul.forward', (original) => (gpu, inputs, ...rest) => {
      if (inputs.a.shape[0] === 32) original(gpu, inputs, ...rest).y[Symbol.dispose]();
      return original(gpu, inputs, ...rest);
    }),
  )
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    const counts = batches.jobs.map((job) => {
      const before = t.gpu.recorder.dispatches;
      job();
      return t.gpu.recorder.dispatches - before;
    });
    t.series('dispatches', counts);
    t.expect(
      counts.every((count) => count > 0 && count === counts[0]),
      () => `the dispatches are ${counts}`,
    );
  });

/** Planted times of a batch: 3 ms and a quarter of a millisecond a row. */
const FIXED = 3;
const EACH = 0.25;
const SEED_STREAM = 77;

/** Sizes in the order in which they are measured, so that each gets its planted time. */
const sizesInOrder = (random: Parameters<typeof interleavedOrder>[2]) =>
  interleavedOrder(SIZES.length, ROUNDS, random).map((i) => SIZES[i] as number);

batchSizes
  .case('table-and-fit')
  .covers('triton.performance.batch-size-scaling/table-and-fit')
  .injects({ host: { seam: 'latency.now' } })
  .desc(
    'The table of sizes and medians and its fit are stored: with planted times of 3 ms and 0.25 ms a row they are what was planted.',
  )
  .control('a fit through the first and the last', (fault) =>
    fault.host('latency.line', () => () => ({ fixed: 0, each: 0 })),
  )
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    const real = await interleavedLatencies(t.gpu, batches.jobs, ROUNDS, t.random(SEED_STREAM));
    const medians = real.map((samples) => statisticsOf(samples).median);
    const { fixed, each } = lineThrough(SIZES, medians);
    t.series('rows', SIZES);
    t.series('medianMs', medians);
    t.metric('fixedMs', fixed);
    t.metric('rowMs', each);
    const order = sizesInOrder(t.random(SEED_STREAM));
    using injector = t.injector();
    injector.inject({
      host: { seam: 'latency.now', wrap: plantedClock((i) => FIXED + EACH * (order[i] ?? 0)) },
    });
    const planted = await interleavedLatencies(t.gpu, batches.jobs, ROUNDS, t.random(SEED_STREAM));
    const table = planted.map((samples) => statisticsOf(samples).median);
    const fit = lineThrough(SIZES, table);
    const expected = SIZES.map((rows) => FIXED + EACH * rows);
    t.expect(
      table.every((ms, i) => Math.abs(ms - (expected[i] as number)) < 1e-9),
      () => `the medians are ${table}, and planted were ${expected}`,
    );
    t.expect(
      Math.abs(fit.fixed - FIXED) < 1e-9 && Math.abs(fit.each - EACH) < 1e-9,
      () => `the fit is ${fit.fixed} ms and ${fit.each} ms a row`,
    );
    t.expect(
      t.evidence.series['medianMs']?.length === SIZES.length,
      () => 'the table is not stored',
    );
    t.expect(
      t.evidence.metrics['fixedMs'] === fixed && t.evidence.metrics['rowMs'] === each,
      () => 'the fit is not stored',
    );
  });

/** Rows a second of the largest batch by those of one row. */
const scaling = seam(
  'batch_sizes.scaling',
  (medians: readonly number[]): number =>
    (32 * (medians[0] as number)) / (medians.at(-1) as number),
);

batchSizes
  .case('scaling')
  .covers('triton.performance.batch-size-scaling/throughput-scaling')
  .injects({ host: { seam: 'latency.now' } })
  .desc(
    'How much faster 32 rows are than one is shown: with planted times of 3 ms and 0.25 ms a row 104 / 11 times.',
  )
  .control('times compared in place of rows a second', (fault) =>
    fault.host('batch_sizes.scaling', () => (medians) => medians.at(-1) / medians[0]),
  )
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    const measure = () =>
      interleavedLatencies(t.gpu, batches.jobs, ROUNDS, t.random(SEED_STREAM)).then((all) =>
        scaling(all.map((samples) => statisticsOf(samples).median)),
      );
    t.metric('scaling', await measure());
    const order = sizesInOrder(t.random(SEED_STREAM));
    using injector = t.injector();
    injector.inject({
      host: { seam: 'latency.now', wrap: plantedClock((i) => FIXED + EACH * (order[i] ?? 0)) },
    });
    const planted = await measure();
    t.expect(Math.abs(planted - 104 / 11) < 1e-9, () => `they are told to be ${planted} times`);
  });

batchSizes
  .case('timed')
  .tier('full')
  .covers('triton.performance.batch-size-scaling/throughput-scaling')
  .desc('On a graphics chip 32 rows at a time give at least four times the rows a second of one.')
  .control('times compared in place of rows a second', (fault) =>
    fault.host('batch_sizes.scaling', () => (medians) => medians.at(-1) / medians[0] / 8),
  )
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    await timedGate(
      t,
      async () => {
        const all = await interleavedLatencies(t.gpu, batches.jobs, ROUNDS, t.random(SEED_STREAM));
        return scaling(all.map((samples) => statisticsOf(samples).median));
      },
      (times) => times >= 4,
      (times) => `${times.toFixed(1)} times the rows a second`,
    );
  });

batchSizes
  .case('interleaved')
  .covers('triton.utilities.benchmark-batch-sizes/interleaved-order')
  .injects({ host: { seam: 'latency.now' } })
  .desc(
    'Every round has each size once, in an order of its own; a clock that gets slower from sample to sample gives all sizes nearly the same mean, where one size after the other gives means far apart.',
  )
  .control('one size after the other', (fault) =>
    fault.host(
      'latency.order',
      () => (count, rounds) =>
        Array.from({ length: count * rounds }, (_, i) => Math.floor(i / rounds)),
    ),
  )
  .run(async (t) => {
    const rounds = 40;
    const order = interleavedOrder(SIZES.length, rounds, t.random(SEED_STREAM));
    const each = Array.from({ length: rounds }, (_, i) =>
      order.slice(i * SIZES.length, (i + 1) * SIZES.length),
    );
    t.expect(
      each.every((round) => new Set(round).size === SIZES.length),
      () => `a round lacks a size: ${order}`,
    );
    t.expect(new Set(each.map(String)).size > rounds / 2, () => 'the rounds have one order');
    using batches = new LayerBatches(t, SIZES);
    using injector = t.injector();
    injector.inject({ host: { seam: 'latency.now', wrap: plantedClock((i) => 1 + i) } });
    const samples = await interleavedLatencies(t.gpu, batches.jobs, rounds, t.random(SEED_STREAM));
    const means = samples.map((of) => statisticsOf(of).mean);
    const spread = Math.max(...means) - Math.min(...means);
    // One after the other they would be 160 ms apart.
    t.expect(spread < 10, () => `the drift makes the means ${means}`);
  });

batchSizes
  .case('all-samples')
  .covers('triton.utilities.benchmark-batch-sizes/full-samples')
  .injects({ host: { seam: 'latency.now' } })
  .desc('Of every size every time comes back as it was measured, in its order, and not a mean.')
  .control('means alone', (fault) =>
    fault.host('latency.kept', () => (samples: readonly number[]) => [
      samples.reduce((sum, ms) => sum + ms, 0) / samples.length,
    ]),
  )
  .run(async (t) => {
    using batches = new LayerBatches(t, SIZES);
    const order = interleavedOrder(SIZES.length, ROUNDS, t.random(SEED_STREAM));
    using injector = t.injector();
    injector.inject({ host: { seam: 'latency.now', wrap: plantedClock((i) => (i * 7) % 41) } });
    const samples = await interleavedLatencies(t.gpu, batches.jobs, ROUNDS, t.random(SEED_STREAM));
    for (const [size, rows] of SIZES.entries()) {
      t.series(`ms of ${rows}`, samples[size] ?? []);
      const expected = order.flatMap((of, i) => (of === size ? [(i * 7) % 41] : []));
      t.expect(
        String(samples[size]) === String(expected),
        () => `${rows} rows took ${samples[size]}, and ${expected} was measured`,
      );
    }
  });
