import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Application } from '../graph/call.ts';
import { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { DEFAULT_TRAINING, type TrainingConfig } from './config.ts';
import { fineTune, type TrainingObserver } from './fine-tune.ts';
import { forecastBytes } from './forecast.ts';
import { Gate } from './gate.ts';
import type { TrainingPhase, TrainingProgress } from './progress.ts';
import { legible } from './sample.ts';
import { HELDOUT_BATCH, Trainer } from './trainer.ts';

const CONFIG: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: {
    ...DEFAULT_TRAINING.model,
    ...{ embedding: 4, context: 4, hidden: [8], blocksize: 64, r: 2 },
  },
  ...{ steps: 7, batchSize: 3, heldoutFraction: 0.25, heldoutBytes: 600 },
  ...{ lossEvery: 2, heldoutEvery: 3, judgeEvery: 4, frozenSteps: 2, sampleBytes: 5 },
};
/** What is held out, from letter 3420 on, has the same letters in another order. */
const TEXT = new TextEncoder().encode(
  'to be or not to be '.repeat(180) + 'not to be or to be '.repeat(60),
);

afterEach(() => {
  vi.restoreAllMocks();
});

/** A device on which the n-th loss is n, and what it ran. */
async function counting(onKernel: (kernel: string) => void = () => {}) {
  let losses = 0;
  const run = ({ label, bindings }: HostDispatch) => {
    onKernel(label);
    const { bytes, offset = 0 } = bindings[2] ?? {};
    if (label === 'nn/cross_entropy_reduce' && bytes)
      new Float32Array(bytes.buffer, offset, 1)[0] = ++losses;
  };
  return await hostGpu({ run });
}

interface Run {
  readonly told: readonly TrainingProgress[];
  readonly judged: readonly (readonly [step: number, ops: readonly string[]])[];
  readonly noted: readonly number[];
  readonly kept: readonly number[];
}

/** What a run tells; the n-th look of the judge uses a share of n mod 5 hundredths. */
async function tell(
  config: TrainingConfig,
  more: Partial<TrainingObserver> = {},
  onEvent: (event: TrainingProgress, on: Awaited<ReturnType<typeof hostGpu>>) => void = () => {},
  onKernel?: (kernel: string) => void,
) {
  const on = await counting(onKernel);
  const { gpu, host } = on;
  const before = gpu.memory.ledger.liveBytes;
  const told: TrainingProgress[] = [];
  const judged: [number, string[]][] = [];
  const noted: number[] = [];
  const kept: number[] = [];
  const observer: TrainingObserver = {
    judge: async (step: number, applications: readonly Application<Tensor>[]) => {
      judged.push([step, applications.map(({ op }) => op.name)]);
      return (judged.length % 5) / 100;
    },
    keep: ({ step }) => kept.push(step),
    note: (steps) => noted.push(steps.length),
    ...more,
  };
  const run = fineTune(gpu, TEXT, config, observer);
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    told.push(next.value);
    onEvent(next.value, on);
  }
  const left = gpu.memory.ledger.liveBytes - before;
  const seen: Run = { told, judged, noted, kept };
  return { ...seen, result: next.value, left, host, gpu };
}

/** The mean over 512 bytes of one batch and 88 of the next. */
const mean = (first: number) => (512 * first + 88 * (first + 1)) / 600;
const told = (type: TrainingProgress['type']) => (event: TrainingProgress) => event.type === type;

describe.each([true, false])('a run (captured: %s)', (capture) => {
  const config = { ...CONFIG, capture };

  test('tells what it does, step by step', async () => {
    const { told: events, result, left } = await tell(config);
    const [start] = events;
    expect(start).toEqual({
      ...{ type: 'start', steps: 7, textBytes: 4560 },
      // Linears of 16 x 8 and 8 x 256 with adapters of rank 2, over 256 rows of 4.
      ...{ trainable: 2 * (16 + 8) + 2 * (8 + 256), frozen: 1024 + 128 + 2048 },
      // The entropy of its letters is 1.77, to which half of each byte more adds 0.04.
      unigram: expect.closeTo(1.81, 1),
      bytesForecast: forecastBytes(config, 600, HELDOUT_BATCH),
    });
    const phase = (name: TrainingPhase, skippable = false) => ({
      ...{ type: 'phase', phase: name, skippable },
    });
    const sample = (when: string) => ({
      ...{ type: 'sample', when, prompt: 'to be or ', text: expect.any(String) },
    });
    const step = (n: number, loss: number) =>
      expect.objectContaining({ type: 'step', step: n, loss });
    expect(events.slice(1)).toEqual([
      phase('preparing'),
      { type: 'heldout', step: 0, loss: expect.closeTo(mean(1), 5) },
      sample('before'),
      phase('learning'),
      { type: 'judged', step: 1, boundUsed: 0.04 },
      step(1, 3),
      step(2, 4),
      { type: 'heldout', step: 3, loss: expect.closeTo(mean(6), 5) },
      { type: 'judged', step: 4, boundUsed: 0.04 },
      step(3, 5),
      step(4, 8),
      step(5, 9),
      step(6, 10),
      { type: 'heldout', step: 6, loss: expect.closeTo(mean(11), 5) },
      step(7, 13),
      { type: 'heldout', step: 7, loss: expect.closeTo(mean(14), 5) },
      phase('sample', true),
      sample('after'),
      phase('frozen'),
    ]);
    expect(result.metrics).toEqual({
      heldoutBefore: expect.closeTo(mean(1), 5),
      heldoutAfter: expect.closeTo(mean(14), 5),
      heldoutFrozen: expect.closeTo(mean(18), 5),
      unigram: start?.type === 'start' ? start.unigram : undefined,
    });
    expect(left).toBe(0);
  });

  test('shows what it judged, keeps its states, and notes each step once', async () => {
    const { judged, noted, kept, result } = await tell(config);
    const pass = expect.arrayContaining(['lora_linear', 'cross_entropy']);
    const update = (step: number) => [
      [step, pass],
      [step, ['clip_grad_norm']],
      [step, ['adamw_step']],
      [step, ['lr_schedule']],
    ];
    expect(judged).toEqual([
      ...[1, 2].map(() => [0, ['quantize_4bit']]),
      ...update(1),
      ...update(4),
    ]);
    expect(kept).toEqual([1, 4]);
    expect(noted).toEqual([0, 2, 1, 1, 2, 1]);
    expect(result.measured).toEqual({
      judgedSteps: 2,
      peakBytes: expect.any(Number),
      stepMs: expect.any(Number),
    });
    expect(result.measured.peakBytes).toBeGreaterThan(0);
    expect(Object.keys(result.adapter)).toEqual([
      ...['linear1.lora_A', 'linear1.lora_B', 'linear2.lora_A', 'linear2.lora_B'],
    ]);
  });

  test('tells memory with each step', async () => {
    const live: number[] = [];
    const { told: events, result } = await tell(config, {}, ({ type }, { gpu }) => {
      if (type === 'step') live.push(gpu.memory.ledger.liveBytes);
    });
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps.map(({ bytes }) => bytes)).toEqual(live);
    for (const { bytes, peakBytes, remainingMs } of steps) {
      expect(peakBytes).toBeGreaterThanOrEqual(bytes);
      expect(remainingMs).toBeGreaterThanOrEqual(0);
    }
    expect(steps.at(-1)?.remainingMs).toBe(0);
    expect(result.measured.peakBytes).toBeGreaterThanOrEqual(steps.at(-1)?.peakBytes ?? 0);
  });
});

test.each([
  [true, 1],
  [false, 0],
])('a run that is captured (%s) is so once, whatever is judged', async (capture, times) => {
  const captures = vi.spyOn(Trainer.prototype, 'capture');
  await tell({ ...CONFIG, capture, judgeEvery: 2 });
  expect(captures).toHaveBeenCalledTimes(times);
});

test('only what is captured is replayed', async () => {
  const dispatched = async (capture: boolean) => {
    const { host } = await tell({ ...CONFIG, capture });
    return host.asked.filter((what) => what === 'write').length;
  };
  // A step that is recorded writes its uniforms anew.
  expect(await dispatched(true)).not.toBe(await dispatched(false));
});

test('a run of one step is judged, told and measured without a time', async () => {
  const { told: events, result, judged } = await tell({ ...CONFIG, steps: 1, heldoutEvery: 1 });
  expect(events.filter(told('step'))).toEqual([
    expect.objectContaining({ step: 1, loss: 3, remainingMs: 0 }),
  ]);
  expect(events.filter(told('heldout')).map((event) => 'step' in event && event.step)).toEqual([
    0, 1,
  ]);
  expect(judged.at(-1)).toEqual([1, ['lr_schedule']]);
  expect(Object.keys(result.measured).sort()).toEqual(['judgedSteps', 'peakBytes']);
  // One frozen step, then two batches of held-out bytes.
  expect(result.metrics.heldoutFrozen).toBeCloseTo(mean(7), 5);
});

test('a run waits between two steps while its gate is closed', async () => {
  const gate = new Gate();
  const asked: unknown[] = [];
  const { told: events } = await tell(CONFIG, { gate }, (event, { host }) => {
    if (event.type === 'judged' && event.step === 4) gate.closed = true;
    if (event.type !== 'paused') return;
    asked.push(host.asked.at(-1));
    setTimeout(() => Object.assign(gate, { closed: false }), 5);
  });
  // The device is idle by then.
  expect(asked).toEqual(['wait']);
  const around = events.filter(({ type }) => ['paused', 'resumed', 'judged'].includes(type));
  expect(around).toEqual([
    expect.objectContaining({ type: 'judged', step: 1 }),
    expect.objectContaining({ type: 'judged', step: 4 }),
    { type: 'paused', step: 4 },
    { type: 'resumed', step: 4 },
  ]);
  expect(events.filter(told('step'))).toHaveLength(7);
});

test('times its plain steps alone, and what is left with all that interrupts them', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const gate = new Gate();
  let updates = 0;
  // A loss takes 1, the n-th update 10 n, and a look of the judge 1000: a step is looked at four times.
  const onKernel = (kernel: string) => {
    if (kernel === 'nn/cross_entropy_reduce') now += 1;
    if (kernel !== 'optim/adamw_step') return;
    now += 10 * ++updates;
    if (updates === 2) gate.closed = true;
  };
  const judge = async () => {
    now += 1000;
    return 0;
  };
  const onEvent = ({ type }: TrainingProgress) => {
    if (type !== 'paused') return;
    setTimeout(() => {
      now += 5000;
      gate.closed = false;
    });
  };
  const config = { ...CONFIG, steps: 8, lossEvery: 3, judgeEvery: 5, heldoutEvery: 7 };
  const { told: events, result } = await tell(config, { gate, judge }, onEvent, onKernel);
  // Steps 1 and 5 are judged; the 5000 of the pause before step 3 are no time of the run, and that of
  // step 7 is not known, behind which the held-out loss was asked for.
  const first = 11 + 4000 + 21 + 31;
  const second = first + 41 + 51 + 4000 + 61;
  const times = [
    ...new Array(3).fill([31, (21 + 31) / 2, (first / 3) * 5]),
    ...new Array(3).fill([61, (31 + 41) / 2, (second / 6) * 2]),
    ...new Array(2).fill([81, 41, 0]),
  ];
  expect(
    events.flatMap((event) =>
      event.type === 'step' ? [[event.lapMs, event.medianMs, event.remainingMs]] : [],
    ),
  ).toEqual(times);
  expect(result.measured.stepMs).toBe(41);
});

test('the rest of the last sample is left out where it is skipped', async () => {
  const skipped = new Set<TrainingPhase>();
  const { told: events } = await tell(CONFIG, { skipped }, (event) => {
    if (event.type === 'phase' && event.phase === 'sample') skipped.add('sample');
  });
  const texts = events.flatMap((event) => (event.type === 'sample' ? [event.text] : []));
  expect(texts.map((text) => text.length > 0)).toEqual([true, false]);
});

test('samples are drawn from the fourth stream of the seed, before and after', async () => {
  const { told: events } = await tell({ ...CONFIG, seed: 7 });
  // All logits are zero, so that each byte is as likely and the number drawn says which it is.
  const random = new Random(7, 3);
  const text = legible(Uint8Array.from({ length: 5 }, () => Math.floor(256 * random.uniform())));
  expect(events.flatMap((event) => (event.type === 'sample' ? [event.text] : []))).toEqual([
    text,
    text,
  ]);
});

test('a run that is stopped frees what it took', async () => {
  const { gpu } = await counting();
  const observer = { judge: async () => 0, keep: () => {}, note: () => {} };
  for await (const event of fineTune(gpu, TEXT, CONFIG, observer)) {
    if (event.type === 'step') break;
  }
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
