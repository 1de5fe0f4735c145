import { splitText } from '../../src/data/text.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { add } from '../../src/ops/math/add.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { silu } from '../../src/ops/nn/silu.ts';
import { filledTensor } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { repeatedGate } from '../../src/testing/timed-gate.ts';
import { StepProfile } from '../../src/train/step-profile.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { type CompleteEvent, dispatchesIn, readTrace, type Trace } from './chrome-trace.ts';
import { ALPHABET, SMALL } from './small.ts';
import { uniformText } from './texts.ts';

export const profiles = suite('train.profile', {
  description: 'The trace of a training: an event for each dispatch, by the clock of the device',
});

/** The trace of what `steps` do. */
async function traceOf(gpu: Gpu, steps: readonly (() => void | Promise<void>)[]): Promise<Trace> {
  using profile = new StepProfile(gpu);
  for (const [i, step] of steps.entries()) {
    profile.begin(i + 1);
    await step();
    await profile.end();
  }
  return readTrace(profile.file().data);
}

const drawn = (gpu: Gpu, random: Random, shape: Shape) =>
  Tensor.from(
    gpu,
    filledTensor('f32', shape, () => random.normal()),
  );

/** A small training whose second half is replayed, and the dispatches of each step. */
async function trainedTrace(gpu: Gpu, seed: number, count: number) {
  const text = splitText(uniformText(seed, 8192, ALPHABET), SMALL.heldoutFraction);
  using trainer = new Trainer(gpu, text, { ...SMALL, seed });
  const counts: number[] = [];
  const step = async () => {
    const before = gpu.recorder.dispatches;
    await trainer.step();
    counts.push(gpu.recorder.dispatches - before);
  };
  const recorded = await traceOf(
    gpu,
    Array.from({ length: count }, () => step),
  );
  await trainer.capture();
  const replayed = await traceOf(
    gpu,
    Array.from({ length: count }, () => step),
  );
  return { recorded, replayed, counts };
}

const spanOf = (events: readonly CompleteEvent[]) => {
  const first = events[0] as CompleteEvent;
  const last = events.at(-1) as CompleteEvent;
  return last.ts + last.dur - first.ts;
};

profiles
  .case('schema')
  .tier('full')
  .needs('timestamp-query')
  .covers('fsdp.training.profile-trace/trace-schema')
  .desc(
    'The trace of a small training is JSON of the Trace Event Format as Perfetto reads it: every event complete, with numbers for its times, tracks that have names, slices that nest.',
  )
  .control('a complete event without its duration', (fault) =>
    fault.host('formats.complete_event', (complete) => (...args) => {
      const { dur: _, ...event } = complete(...args);
      return event;
    }),
  )
  .run(async (t) => {
    const { recorded, replayed } = await trainedTrace(t.gpu, t.seed, 2);
    for (const { faults, events } of [recorded, replayed]) {
      t.expect(
        faults.length === 0,
        () => `the trace is no trace: ${faults.slice(0, 3).join('; ')}`,
      );
      t.expect(events.length > 20, () => `the trace has ${events.length} events`);
    }
  });

/** A product, a function of it and a sum, and what each of them binds. */
const M = 37;
const K = 24;
const N = 20;
const bytesOf = (...shapes: readonly Shape[]) =>
  shapes.reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);

profiles
  .case('dispatches')
  .tier('full')
  .needs('timestamp-query')
  .covers('fsdp.training.profile-trace/event-per-dispatch')
  .desc(
    'Each step of a small training, recorded or replayed, has as many events as the recorder counted dispatches; those of a product, its silu and a sum are told in order, with the bytes of their operands and a time.',
  )
  .control('events say nothing of what their kernels bind', (fault) =>
    fault.host(
      'gpu.stamped',
      (stamped) => (dispatch, begin, end) => stamped({ ...dispatch, bytes: 0 }, begin, end),
    ),
  )
  .run(async (t) => {
    const { recorded, replayed, counts } = await trainedTrace(t.gpu, t.seed, 2);
    const told = [recorded, replayed].flatMap((trace) =>
      [1, 2].map((step) => dispatchesIn(trace, step).length),
    );
    const asData = (data: readonly number[]) => ({
      shape: [data.length],
      data: Float64Array.from(data),
    });
    t.expectEqual('events of each step', asData(told), asData(counts));

    const random = t.random();
    using a = drawn(t.gpu, random, [M, K]);
    using b = drawn(t.gpu, random, [K, N]);
    using c = drawn(t.gpu, random, [M, N]);
    const step = () => {
      using product = matmul.forward(t.gpu, { a, b }, {}).y;
      using curve = silu.forward(t.gpu, { x: product }, {}).y;
      add.forward(t.gpu, { a: curve, b: c }, {}).y[Symbol.dispose]();
    };
    const trace = await traceOf(t.gpu, [step]);
    const events = dispatchesIn(trace, 1);
    const families = events.map(({ args }) => args.kernel.split(' ')[0]);
    t.expect(
      families[0]?.startsWith('matmul/') === true &&
        families.slice(1).join() === 'nn/silu,math/add' &&
        events.some(({ dur }) => dur > 0),
      () => `a product, its silu and a sum are told as ${families.join(', ')}`,
    );
    t.expectEqual(
      'bytes',
      asData(events.map(({ args }) => args.bytes)),
      asData([
        bytesOf([M, K], [K, N], [M, N]),
        bytesOf([M, N], [M, N]),
        bytesOf([M, N], [M, N], [M, N]),
      ]),
    );
  });

profiles
  .case('span')
  .tier('full')
  .needs('timestamp-query')
  .covers('fsdp.training.profile-trace/events-disjoint', 'fsdp.training.profile-trace/span-adds-up')
  .desc(
    'No event of a step begins before the one before it has ended; the times of the events and of the gaps between them add up to the step, from its first stamp to its last, within a quantum of the clock for each; and no step is longer than the wall clock says.',
  )
  .control('a dispatch ends a second late', (fault) =>
    fault.host(
      'formats.complete_event',
      (complete) => (track: number, begin: bigint, end: bigint, more: { readonly args?: object }) =>
        complete(track, begin, more.args ? end + 1_000_000_000n : end, more),
    ),
  )
  .run(async (t) => {
    const started = performance.now();
    const { recorded, replayed } = await trainedTrace(t.gpu, t.seed, 2);
    const wallUs = 1000 * (performance.now() - started);
    for (const trace of [recorded, replayed]) {
      t.expect(trace.steps.length === 2, () => `the trace has ${trace.steps.length} steps`);
      for (const { ts, dur, name } of trace.steps) {
        const events = dispatchesIn(trace, Number(name.slice('step '.length)));
        const quantumUs = (trace.quantumNs ?? 1) / 1000;
        const gaps = events.slice(1).map((event, i) => {
          const before = events[i] as CompleteEvent;
          return event.ts - (before.ts + before.dur);
        });
        // Times are nanoseconds in floats of microseconds.
        const rounding = (ts + dur) * 2 ** -50;
        const overlap = -Math.min(0, ...gaps);
        t.expect(overlap <= rounding, () => `${name}: an event begins ${overlap} us too early`);
        const sum = (of: readonly number[]) => of.reduce((all, each) => all + each, 0);
        const parts = sum(events.map((event) => event.dur)) + sum(gaps);
        t.expect(
          Math.abs(parts - dur) <= quantumUs * events.length,
          () => `${name}: events and gaps come to ${parts} us, the step to ${dur} us`,
        );
        t.expect(
          dur > 0 && dur <= wallUs,
          () => `${name} takes ${dur} us by the device and ${wallUs} us by the wall`,
        );
        t.expect(events[0]?.ts === ts, () => `${name} does not begin with its first event`);
        t.expect(
          Math.abs(spanOf(events) - dur) <= quantumUs,
          () => `${name} does not end with its last event`,
        );
      }
    }
  });

/** A kernel that does its work over and over: 1000 times, and twice as often. */
const SILU = 'let result = silu(x[i]);';
const repeated = (times: number) =>
  `var result = x[i]; for (var n = 0u; n < ${times}u; n++) { result = silu(result); }`;
const TIMES = 1000;
const once = { shader: { file: 'nn/silu', from: SILU, to: repeated(TIMES) } };
const twice = { shader: { file: 'nn/silu', from: SILU, to: repeated(2 * TIMES) } };
const ROUNDS = 7;

profiles
  .case('slower-kernel')
  .tier('full')
  .needs('timestamp-query')
  .covers('fsdp.training.profile-trace/slow-kernel-visible')
  .timeout(60_000)
  .injects(once, twice)
  .desc(
    `A kernel that does its work ${TIMES} times, and then twice as often: its own event, of ${ROUNDS} the shortest, takes over one and a half times as long, and the event beside it gains less than a fifth of that.`,
  )
  .control('kernels have the times of those after them', (fault) => {
    fault.host('gpu.stamped', (stamped) => {
      const KERNELS = ['math/add', 'nn/silu'];
      return (dispatch, begin, end) => {
        const at = KERNELS.indexOf(dispatch.kernel);
        const kernel = at < 0 ? dispatch.kernel : KERNELS[1 - at];
        return stamped({ ...dispatch, kernel }, begin, end);
      };
    });
  })
  .run(async (t) => {
    using x = drawn(t.gpu, t.random(), [64, 128]);
    const step = () => {
      using curve = silu.forward(t.gpu, { x }, {}).y;
      add.forward(t.gpu, { a: curve, b: x }, {}).y[Symbol.dispose]();
    };
    const shortest = async (fault: typeof once) => {
      using injector = t.injector();
      injector.inject(fault);
      // The first compiles.
      await traceOf(t.gpu, [step]);
      const trace = await traceOf(
        t.gpu,
        Array.from({ length: ROUNDS }, () => step),
      );
      return (kernel: string) =>
        Math.min(...trace.events.flatMap(({ args, dur }) => (args.kernel === kernel ? [dur] : [])));
    };
    const measure = async () => {
      const plain = await shortest(once);
      const slow = await shortest(twice);
      const gained = (kernel: string) => slow(kernel) - plain(kernel);
      return {
        slowed: slow('nn/silu') / plain('nn/silu'),
        own: gained('nn/silu'),
        beside: gained('math/add'),
      };
    };
    await repeatedGate(
      t,
      measure,
      ({ slowed, own, beside }) => slowed > 1.5 && Math.abs(beside) < own / 5,
      ({ slowed, own, beside }) =>
        `the event of the slowed kernel takes ${slowed.toFixed(2)} times as long; it gains ${own} us and the event beside it ${beside}`,
    );
  });
