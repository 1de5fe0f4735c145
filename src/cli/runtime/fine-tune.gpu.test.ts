import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { contextsAt, spreadPositions } from '../../data/contexts.ts';
import { splitText } from '../../data/text.ts';
import { unigramEntropy } from '../../data/unigram.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { DEFAULT_TRAINING, type TrainingConfig } from '../../train/config.ts';
import { type FineTuned, fineTune, type TrainingObserver } from '../../train/fine-tune.ts';
import { forecastBytes } from '../../train/forecast.ts';
import { Gate } from '../../train/gate.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import { legible, sampleBytes } from '../../train/sample.ts';
import { Trainer } from '../../train/trainer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a run of fine-tuning tells, shows and measures, on a software adapter. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const LEARNT = 'The rain in Spain stays mainly in the plain.\n'.repeat(120);
const HELD_OUT = 'It falls on the plane in vain, and never on the hills.\n'
  .repeat(11)
  .slice(0, 600);
const TEXT = new TextEncoder().encode(LEARNT + HELD_OUT);
const CONFIG: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: { ...DEFAULT_TRAINING.model, embedding: 4, context: 4, hidden: [16], r: 2, alpha: 4 },
  batchSize: 8,
  heldoutBytes: 520,
  sampleBytes: 5,
  steps: 11,
  lossEvery: 3,
  heldoutEvery: 5,
  judgeEvery: 4,
  frozenSteps: 3,
};

/** A gate that is asked before each step, which lasts 30 ms; before the third it is closed. */
class TickingGate extends Gate {
  /** How often the device had been waited for when it was closed. */
  waits = 0;
  #asked = 0;

  override get opened(): Promise<void> | undefined {
    vi.advanceTimersByTime(30);
    if (++this.#asked === 3) {
      this.closed = true;
      this.waits = gpu.waits;
    }
    return super.opened;
  }
}

/** A run with everything that was heard of it. */
async function run(config: TrainingConfig, more: Partial<TrainingObserver> = {}) {
  const judged = new Map<number, number>();
  const kept: number[] = [];
  const noted: number[] = [];
  const told: TrainingProgress[] = [];
  const running = fineTune(gpu, TEXT, config, {
    judge: async (step) => {
      const calls = (judged.get(step) ?? 0) + 1;
      judged.set(step, calls);
      return calls === 2 ? 0.5 : 0.25;
    },
    keep: ({ step }) => void kept.push(step),
    note: (steps) => {
      noted.push(steps.length);
      vi.advanceTimersByTime(noted.length);
    },
    ...more,
  });
  const follow = async (listen: (progress: TrainingProgress) => void): Promise<FineTuned> => {
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return next.value;
      told.push(next.value);
      listen(next.value);
    }
  };
  return { judged, kept, noted, told, follow };
}

/** What was told, in words. */
function inWords(progress: TrainingProgress): string {
  switch (progress.type) {
    case 'phase':
      return `${progress.phase}${progress.skippable ? ', skippable' : ''}`;
    case 'sample':
      return `sample ${progress.when}`;
    case 'start':
      return progress.type;
    default:
      return `${progress.type} ${progress.step}`;
  }
}

/** What is told of one type. */
const only = <T extends TrainingProgress['type']>(told: readonly TrainingProgress[], type: T) =>
  told.filter((each): each is Extract<TrainingProgress, { type: T }> => each.type === type);

/** Submits of a frozen run of so many steps. */
async function frozenSubmits(steps: number): Promise<number> {
  const before = gpu.recorder.submits;
  using trainer = new Trainer(gpu, splitText(TEXT, 0.1), CONFIG, { frozen: true });
  for (let step = 0; step < steps; step++) await trainer.step();
  await trainer.heldoutLoss();
  return gpu.recorder.submits - before;
}

test('a run tells its steps in order, with their times, and leaves nothing on the device', async () => {
  using _held = Tensor.zeros(gpu, [1 << 20]);
  Tensor.zeros(gpu, [1 << 22])[Symbol.dispose]();
  const before = gpu.memory.ledger.liveBytes;
  let most = 0;
  using _watch = gpu.memory.watch(({ liveBytes }) => {
    most = Math.max(most, liveBytes - before);
  });
  let mostLearning = 0;
  let waitsAtPause = 0;
  let submits = 0;
  const live: number[] = [];
  const gate = new TickingGate();
  const { judged, kept, noted, told, follow } = await run(CONFIG, { gate });
  const { metrics, measured, adapter } = await follow((progress) => {
    if (progress.type === 'step') live.push(gpu.memory.ledger.liveBytes);
    if (progress.type === 'heldout') vi.advanceTimersByTime(500);
    if (progress.type === 'phase' && progress.phase === 'frozen') {
      mostLearning = most;
      submits = gpu.recorder.submits;
    }
    if (progress.type === 'paused') {
      waitsAtPause = gpu.waits;
      setImmediate(() => {
        vi.advanceTimersByTime(5000);
        gate.closed = false;
      });
    }
  });
  submits = gpu.recorder.submits - submits;

  expect(told.map(inWords)).toEqual([
    'start',
    'preparing',
    'heldout 0',
    'sample before',
    'learning',
    'judged 1',
    'paused 2',
    'resumed 2',
    'step 1',
    'step 2',
    'step 3',
    'judged 4',
    'heldout 5',
    'step 4',
    'step 5',
    'step 6',
    'judged 8',
    'step 7',
    'step 8',
    'step 9',
    'heldout 10',
    'step 10',
    'step 11',
    'heldout 11',
    'sample, skippable',
    'sample after',
    'frozen',
  ]);
  const split = splitText(TEXT, 0.1);
  const asked = contextsAt(split.heldout, spreadPositions(split.heldout, 4, 520), 4);
  const unigram = unigramEntropy(split.train, asked.labels.data);
  expect(told[0]).toEqual({
    type: 'start',
    steps: 11,
    textBytes: 6000,
    trainable: 2 * (16 + 16) + 2 * (16 + 256),
    frozen: 256 * 4 + 16 * 16 + 16 * 256,
    unigram,
    bytesForecast: forecastBytes(CONFIG, 520, 512),
  });

  // Of the base both linears are judged; of two calls the larger share counts.
  expect([...judged.keys()]).toEqual([0, 1, 4, 8]);
  expect(judged.get(0)).toBe(2);
  expect(only(told, 'judged').map(({ boundUsed }) => boundUsed)).toEqual([0.5, 0.5, 0.5]);
  expect(kept).toEqual([1, 4, 8]);
  // Before a judged step, and with losses.
  expect(noted).toEqual([0, 3, 0, 3, 1, 2, 2]);
  expect(waitsAtPause).toBe(gate.waits + 1);

  // Each step lasts 30 ms, and the reading of fingerprints one, two and so on; neither the pause
  // of 5 s nor the half seconds of a held-out loss are of a step.
  const steps = only(told, 'step');
  const timesOf = (step: number) => {
    const { lapMs, medianMs, remainingMs } = steps[step - 1] as (typeof steps)[number];
    return { lapMs, medianMs, remainingMs };
  };
  expect(timesOf(3)).toEqual({ lapMs: 2, medianMs: 31, remainingMs: (93 / 3) * 8 });
  expect(timesOf(6)).toEqual({ lapMs: 34, medianMs: 34, remainingMs: (690 / 6) * 5 });
  expect(timesOf(9)).toEqual({ lapMs: 36, medianMs: 36, remainingMs: (791 / 9) * 2 });
  expect(timesOf(11)).toEqual({ lapMs: 37, medianMs: 36.5, remainingMs: 0 });
  expect(timesOf(10)).toEqual(timesOf(11));
  expect(measured).toEqual({ stepMs: 36.5, peakBytes: mostLearning, judgedSteps: 3 });
  expect(steps.map(({ bytes }) => bytes)).toEqual(live);
  expect(steps.at(-1)?.peakBytes).toBe(mostLearning);

  // What a trainer by itself comes to.
  {
    using trainer = new Trainer(gpu, split, CONFIG);
    const random = new Random(CONFIG.seed, 3);
    const ask = async (bytes: Uint8Array) => valuesOf(await trainer.logits(bytes));
    const prompt = 'falls on ';
    const sampled = async () => {
      const options = { count: 5, context: 4, temperature: CONFIG.temperature, random };
      return legible(await sampleBytes(ask, new TextEncoder().encode(prompt), options));
    };
    const samples = only(told, 'sample');
    expect(samples[0]).toEqual({ type: 'sample', when: 'before', prompt, text: await sampled() });
    expect(samples[1]).toMatchObject({ when: 'after', prompt });
    expect(samples[1]?.text).not.toBe('');
    const heldout = only(told, 'heldout').map(({ loss }) => loss);
    const untrained = await trainer.heldoutLoss();
    for (let step = 0; step < 11; step++) await trainer.step();
    const trained = await trainer.heldoutLoss();
    expect(steps.map(({ loss }) => loss)).toEqual(await trainer.losses(0));
    expect([heldout[0], heldout.at(-1)]).toEqual([untrained, trained]);
    expect(metrics).toEqual({
      heldoutBefore: untrained,
      heldoutAfter: trained,
      unigram,
      heldoutFrozen: untrained,
    });
    expect(adapter).toEqual(await trainer.model.parameters.read());
  }
  expect(submits).toBe(await frozenSubmits(3));
  expect(gpu.memory.ledger.liveBytes).toBe(before);
});

test('a run whose only step is judged measures none, and its control has no more steps', async () => {
  const bytesOf = async (capture: boolean) => {
    let submits = 0;
    const { told, follow } = await run({ ...CONFIG, steps: 1, capture });
    const { measured } = await follow((progress) => {
      if (progress.type === 'phase' && progress.phase === 'frozen') submits = gpu.recorder.submits;
    });
    expect(gpu.recorder.submits - submits).toBe(await frozenSubmits(1));
    expect(measured).not.toHaveProperty('stepMs');
    expect(measured.judgedSteps).toBe(1);
    return only(told, 'step')[0]?.bytes as number;
  };
  // A captured step keeps its arena.
  expect(await bytesOf(true)).toBeGreaterThan(await bytesOf(false));
});

test('the held-out loss is the mean over all bytes, asked about in two batches', async () => {
  const split = splitText(TEXT, 0.1);
  using trainer = new Trainer(gpu, split, { ...CONFIG, autocast: undefined });
  for (let step = 0; step < 5; step++) await trainer.step();
  const { ids, labels } = contextsAt(split.heldout, spreadPositions(split.heldout, 4, 520), 4);
  using uploaded = Tensor.from(gpu, ids);
  using tape = new Tape(gpu);
  const logits = valuesOf(await trainer.model.forward(tape, { ids: uploaded }).read());
  const losses = Array.from(labels.data, (label, row) => {
    const own = logits.subarray(row * 256, (row + 1) * 256);
    const sum = own.reduce((total, x) => total + Math.exp(x), 0);
    return Math.log(sum) - (own[label] as number);
  });
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / 520;
  expect(trainer.heldoutCount).toBe(520);
  expect(await trainer.heldoutLoss()).toBeCloseTo(mean, 5);
});
