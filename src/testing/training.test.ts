import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Application } from '../graph/call.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { DEFAULT_TRAINING, type TrainingConfig } from '../train/config.ts';
import { Gate } from '../train/gate.ts';
import type { LoopState } from '../train/loop/training-loop.ts';
import type { TrainingPhase, TrainingProgress } from '../train/progress.ts';
import type { Judge } from '../train/stage.ts';
import { Trainer } from '../train/trainer.ts';
import { add } from '../vocabulary/math/add.ts';
import { CaseContext } from './context.ts';
import type { FailedCall } from './failed-call.ts';
import type { LaunchFault } from './fault.ts';
import { STEPS_REVERSED, type TrainingListener, trainAndJudge } from './training.ts';

const text = Uint8Array.from({ length: 5000 }, (_, i) => (7 * i) % 251);
const model = { ...DEFAULT_TRAINING.model, embedding: 4, context: 4, hidden: [8], r: 2 };
/** Steps 1, 2 and 4 are judged, and losses read after 2 and 4. */
const config: TrainingConfig = {
  ...{ ...DEFAULT_TRAINING, model, capture: false, sampleBytes: 2, frozenSteps: 1, batchSize: 2 },
  ...{ steps: 4, answerSteps: 4, heldoutEvery: 2, lossEvery: 2, judgeEvery: 2, heldoutBytes: 64 },
};

/** A call of `add` of `a` and 3 that ended in `y`. */
function sumOf(gpu: Tensor['gpu'], a: number, y: number): Application<Tensor> {
  const tensor = (x: number) => Tensor.from(gpu, hostTensorFrom('f32', [1], [x]));
  return {
    ...{ layer: 'sum', op: add, variant: 'scalar', params: {} },
    ...{ inputs: { a: tensor(a), b: tensor(3) }, outputs: { y: tensor(y) } },
  };
}

/** What the trainers of a run give, which compute nothing themselves. */
interface Given {
  losses: readonly number[];
  /** Before, half way, after, and of the frozen run. */
  heldout: number[];
  /** What a judged step has computed, the base as step 0. */
  judged: (step: number) => readonly Application<Tensor>[];
}

let given: Given;
/** Steps of each trainer that were done or restored, and what was asked of them in turn. */
let steps: WeakMap<Trainer, number>;

beforeEach(() => {
  given = { losses: [5, 4, 3, 2], heldout: [5.5, 4, 2, 5.4], judged: () => [] };
  steps = new WeakMap();
  const next = (trainer: Trainer) => {
    const step = (steps.get(trainer) ?? 0) + 1;
    steps.set(trainer, step);
    return step;
  };
  const { prototype } = Trainer;
  vi.spyOn(prototype, 'judgedBase').mockImplementation((judge: Judge) => judge(given.judged(0)));
  vi.spyOn(prototype, 'step').mockImplementation(async function (this: Trainer) {
    next(this);
  });
  vi.spyOn(prototype, 'judgedStep').mockImplementation(async function (this: Trainer, judge) {
    await judge(given.judged(next(this)));
  });
  vi.spyOn(prototype, 'checkpoint').mockImplementation(async function (this: Trainer) {
    return { step: steps.get(this), tensors: {}, random: 0, statistics: {} } as LoopState;
  });
  vi.spyOn(prototype, 'restore').mockImplementation(function (this: Trainer, { step }) {
    steps.set(this, step);
  });
  vi.spyOn(prototype, 'losses').mockImplementation(async function (this: Trainer, from) {
    return given.losses.slice(from, steps.get(this));
  });
  vi.spyOn(prototype, 'heldoutLoss').mockImplementation(
    async () => given.heldout.shift() as number,
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function setUp() {
  const { gpu } = await hostGpu();
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] } as never);
  const told: TrainingProgress[] = [];
  const saved: string[] = [];
  const listener: TrainingListener = {
    tell: (progress) => void told.push(progress),
    save: (files) => void saved.push(...files.map(({ name }) => name)),
  };
  const train = async (
    change: Partial<TrainingConfig> = {},
    more: Partial<TrainingListener> = {},
  ) => {
    const held = gpu.memory.ledger.liveBytes;
    const thrown: unknown = await trainAndJudge(
      t,
      text,
      { ...config, ...change },
      { ...listener, ...more },
    ).catch((error: unknown) => error);
    expect(gpu.memory.ledger.liveBytes - held).toBe(0);
    return thrown;
  };
  /** The phases that were told of the search for what is wrong. */
  const examined = () =>
    told
      .filter((one) => one.type === 'phase' && one.phase === 'examining')
      .map((one) => ({
        ...one,
      }));
  return { gpu, t, told, saved, train, examined };
}

const EXAMINING = { type: 'phase', phase: 'examining', skippable: true };

describe('a run that learns', () => {
  test('leaves its losses, its figures and its adapter', async () => {
    const { t, told, saved, train } = await setUp();
    expect(await train()).toBeUndefined();
    expect(Object.entries(t.evidence.series)).toEqual([
      ['loss', [5, 4, 3, 2]],
      ['heldout', [5.5, 4, 2]],
    ]);
    const { metrics, assertions } = t.evidence;
    expect(Object.keys(metrics)).toEqual([
      ...['heldoutBefore', 'heldoutAfter', 'unigram', 'heldoutFrozen'],
      ...['stepMs', 'peakBytes', 'judgedSteps'],
    ]);
    expect(metrics).toMatchObject({
      ...{ heldoutBefore: 5.5, heldoutAfter: 2, heldoutFrozen: 5.4, judgedSteps: 3 },
    });
    expect(assertions).toBe(1);
    const names = ['adapter_model.safetensors', 'adapter_config.json'];
    expect(t.evidence.artifacts.map(({ name }) => name)).toEqual(names);
    expect(saved).toEqual(names);
    const [, settings] = t.evidence.artifacts;
    expect(new TextDecoder().decode(settings?.data)).toContain('byte-mlp-seed-42');
    const phases = told.flatMap((one) => (one.type === 'phase' ? [one.phase] : []));
    expect(phases).toEqual(['preparing', 'learning', 'sample', 'frozen']);
    expect(told.flatMap((one) => (one.type === 'step' ? [one.loss] : []))).toEqual([5, 4, 3, 2]);
  });

  test('needs no listener, and waits at a gate', async () => {
    const { t, told, train } = await setUp();
    await trainAndJudge(t, text, config);
    expect(t.evidence.series['loss']).toEqual([5, 4, 3, 2]);
    given.heldout = [5.5, 4, 2, 5.4];
    const gate = new Gate();
    gate.closed = true;
    const tell = (progress: TrainingProgress) => {
      told.push(progress);
      if (progress.type === 'paused') gate.closed = false;
    };
    expect(await train({}, { gate, tell })).toBeUndefined();
    expect(told.map(({ type }) => type)).toContain('resumed');
  });

  test('is right although a step was anomalous, once nothing is found', async () => {
    const { t, train, examined } = await setUp();
    given.losses = [5, 9, 3, 2];
    expect(await train()).toBeUndefined();
    expect(examined()).toEqual([EXAMINING]);
    expect(t.evidence.assertions).toBe(1);
  });
});

describe('a run that does not learn', () => {
  test('is wrong, and run again', async () => {
    const { train, saved, examined } = await setUp();
    given.heldout = [5.5, 4, 5, 5.4];
    expect(await train()).toMatchObject({
      code: 'not-learnt',
      message:
        "the held-out loss ended at 5.000 nats a byte after 4 steps, not 1.5 below the frozen run's 5.400: bytes like these leave nothing to learn, choose a text that people wrote; nothing was compared by its bits, and every op of steps 1 to 4 is right",
    });
    expect(examined()).toEqual([EXAMINING]);
    expect(saved).toHaveLength(2);
  });

  test('proves nothing where it is too short, unless a step was anomalous', async () => {
    const { train, examined } = await setUp();
    given.heldout = [5.5, 4, 5, 5.4];
    expect(await train({ answerSteps: 300 })).toMatchObject({
      code: 'too-short',
      message: expect.stringMatching(/wrote; 300 steps give an answer$/),
    });
    expect(examined()).toEqual([]);
    given.heldout = [5.5, 4, 5, 5.4];
    given.losses = [5, 4, 7, 2];
    expect(await train({ answerSteps: 300 })).toMatchObject({
      code: 'not-learnt',
      // The state after step 2 was right.
      message: expect.stringMatching(/bits, and every op of steps 3 to 3 is right$/),
    });
  });

  test('is not run again once that is left out', async () => {
    const { train } = await setUp();
    given.heldout = [5.5, 4, 5, 5.4];
    const skipped = new Set<TrainingPhase>(['examining']);
    expect(await train({}, { skipped })).toMatchObject({
      message: expect.stringMatching(/wrote; nothing was compared by its bits$/),
    });
  });

  test('ends at a loss that is no number', async () => {
    const { told, train, examined } = await setUp();
    given.losses = [5, 4, Number.NaN, 2];
    expect(await train()).toMatchObject({
      code: 'loss-not-finite',
      message:
        'the loss of step 3 is not a finite number; nothing was compared by its bits, and every op of steps 3 to 3 is right',
    });
    expect(told.filter(({ type }) => type === 'step')).toHaveLength(3);
    expect(examined()).toEqual([EXAMINING]);
  });
});

describe('a run with an op out of its bound', () => {
  test('is wrong there, and not run again', async () => {
    for (const y of [6, Number.NaN]) {
      const { gpu, t, train, examined } = await setUp();
      const wrong = sumOf(gpu, 2, y);
      given.judged = (step) => (step === 2 ? [wrong] : []);
      given.heldout = [5.5, 4, 2, 5.4];
      expect(await train()).toMatchObject({
        code: 'out-of-bound',
        at: { index: [0], actual: Number.isNaN(y) ? null : 6, expected: 5 },
        message: expect.stringContaining('step 2, layer sum, add (scalar): y'),
      });
      expect(t.evidence.failedCall?.op).toBe(add);
      expect(examined()).toEqual([{ ...EXAMINING, skippable: false }]);
    }
  });

  test('is run again where no number was right, for something before it is wrong', async () => {
    const { gpu, t, train, examined } = await setUp();
    const wrong = sumOf(gpu, Number.NaN, 6);
    given.judged = (step) => (step === 2 && examined().length === 0 ? [wrong] : []);
    const before: (FailedCall | undefined)[] = [];
    vi.spyOn(Trainer.prototype, 'restore').mockImplementation(function (this: Trainer, { step }) {
      before.push(t.evidence.failedCall);
      steps.set(this, step);
    });
    expect(await train()).toMatchObject({
      at: { index: [0], actual: 6, expected: null },
      message: expect.stringContaining('step 2, layer sum'),
    });
    expect(examined()).toEqual([EXAMINING]);
    // While it is looked for, what is known of the call is laid aside.
    expect(before).toEqual([undefined, undefined]);
    expect(t.evidence.failedCall?.op).toBe(add);
  });

  test('is named by what the second run finds, where that is wrong too', async () => {
    const { gpu, train, examined } = await setUp();
    const [wrong, cause] = [sumOf(gpu, Number.NaN, 6), sumOf(gpu, 2, 7)];
    given.judged = (step) => (step !== 2 ? [] : examined().length === 0 ? [wrong] : [cause]);
    expect(await train()).toMatchObject({ at: { actual: 7, expected: 5 } });
  });
});

test('what is no assertion goes through as it is', async () => {
  const { train, examined } = await setUp();
  const broken = new RangeError('no device');
  given.judged = () => {
    throw broken;
  };
  expect(await train()).toBe(broken);
  expect(examined()).toEqual([]);
});

test('the control of a run turns the sign of its rate, and leaves the rest', () => {
  const [fault, ...others] = STEPS_REVERSED.faults as readonly LaunchFault[];
  expect(others).toEqual([]);
  expect(fault?.launch.seam).toBe('adamw_step.scalars');
  expect(fault?.launch.change([{ lr: 0.5, eps: 1 }, 3])).toEqual([{ lr: -0.5, eps: 1 }, 3]);
});
