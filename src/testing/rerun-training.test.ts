import { afterEach, expect, test, vi } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Application } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { DEFAULT_TRAINING } from '../train/config.ts';
import type { LoopState } from '../train/loop/training-loop.ts';
import type { Judge } from '../train/stage.ts';
import { Trainer } from '../train/trainer.ts';
import { add } from '../vocabulary/math/add.ts';
import { fingerprintOf } from './bit-flip.ts';
import { CaseContext } from './context.ts';
import { rerunTraining } from './rerun-training.ts';
import { RunLog } from './run-log.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Seven bytes, whose frequencies leave little over ln 7 = 1.95 nats to guess. */
const text = Uint8Array.from({ length: 5000 }, (_, i) => i % 7);
const model = { ...DEFAULT_TRAINING.model, embedding: 4, context: 4, hidden: [8], r: 2 };
const config = { ...DEFAULT_TRAINING, model, steps: 9, batchSize: 2, heldoutBytes: 64 };

/** What a device that computes nothing leaves of a step: sums of zeros. */
const NOTHING = new Uint32Array(1000);
/** The same, but the first tensor was something. */
const SOMETHING = NOTHING.with(0, 1);

const state = (step: number) => ({ step, tensors: {}, random: 5, statistics: {} }) as LoopState;

/** A run of four steps, the sums of these known, and of what else is told of it. */
function logOf(sums: readonly Uint32Array[]): RunLog {
  const log = new RunLog();
  for (let step = 0; step < 4; step++) log.addLoss(5);
  log.note(sums);
  return log;
}

/** Runs it again on a device of the host, with `judged` instead of what a judged step computes. */
async function setUp(judged: readonly Application<Tensor>[] = []) {
  const { gpu } = await hostGpu();
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] } as never);
  const calls: (string | LoopState)[] = [];
  const { step } = Trainer.prototype;
  vi.spyOn(Trainer.prototype, 'step').mockImplementation(async function (this: Trainer) {
    calls.push('step');
    expect(this.unigram).toBeCloseTo(2, 1);
    await step.call(this);
  });
  vi.spyOn(Trainer.prototype, 'judgedStep').mockImplementation(async (judge: Judge) => {
    calls.push('judged');
    await judge(judged);
  });
  vi.spyOn(Trainer.prototype, 'restore').mockImplementation((from) => void calls.push(from));
  const held = gpu.memory.ledger.liveBytes;
  const rerun = async (log: RunLog, skipped?: () => boolean) => {
    const said = await rerunTraining(t, text, config, log, skipped);
    expect(gpu.memory.ledger.liveBytes).toBe(held);
    return said;
  };
  return { gpu, t, calls, rerun };
}

test('a run that is right again is told from the seed to its last step', async () => {
  const { calls, rerun } = await setUp();
  expect(await rerun(logOf(Array(4).fill(NOTHING)))).toBe(
    'steps 1 to 4 gave the same bits again, and every op of steps 1 to 4 is right',
  );
  expect(calls).toEqual([...Array(4).fill('step'), ...Array(4).fill('judged')]);
});

test('a run that went wrong is told from the last right state to the anomalous step', async () => {
  const { calls, rerun } = await setUp();
  const log = logOf([SOMETHING, NOTHING, NOTHING, SOMETHING]);
  const right = state(1);
  log.keep(right);
  log.addAnomaly(3);
  expect(await rerun(log)).toBe(
    'steps 2 to 3 gave the same bits again, and every op of steps 2 to 3 is right',
  );
  expect(calls).toEqual([right, 'step', 'step', right, 'judged', 'judged']);
});

test('what is not known any more is not compared, and judged all the same', async () => {
  const { calls, rerun } = await setUp();
  expect(await rerun(logOf([NOTHING]))).toBe(
    'steps 1 to 1 gave the same bits again, and every op of steps 1 to 4 is right',
  );
  expect(calls).toEqual(['step', ...Array(4).fill('judged')]);
  expect(await rerun(logOf([]))).toBe(
    'nothing was compared by its bits, and every op of steps 1 to 4 is right',
  );
});

test('no step is begun once the rest is left out', async () => {
  const { calls, rerun } = await setUp();
  const known = Array(4).fill(NOTHING);
  expect(await rerun(logOf(known), () => calls.length >= 2)).toBe(
    'steps 1 to 2 gave the same bits again',
  );
  expect(await rerun(logOf(known), () => calls.length >= 2 + 4 + 3)).toBe(
    'steps 1 to 4 gave the same bits again, and every op of steps 1 to 3 is right',
  );
  expect(calls).toEqual(['step', 'step', ...Array(4).fill('step'), ...Array(3).fill('judged')]);
});

test('no step is begun after a minute', async () => {
  const { rerun } = await setUp();
  const known = Array(4).fill(NOTHING);
  let now = 1000;
  let asked = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (asked++ === 0 ? 1000 : now));
  now = 61_000;
  expect(await rerun(logOf(known))).toBe(
    'steps 1 to 4 gave the same bits again, and every op of steps 1 to 4 is right',
  );
  [now, asked] = [61_001, 0];
  expect(await rerun(logOf(known))).toBe('nothing was compared by its bits');
});

const [variant = ''] = Object.keys(launchers.get('add')?.variants ?? {});

/** A call of `add` that ended in `y`, of 2 + 3. */
function sumOf(gpu: Tensor['gpu'], y: number): Application<Tensor> {
  const tensor = (x: number) => Tensor.from(gpu, hostTensorFrom('f32', [1], [x]));
  const inputs = { a: tensor(2), b: tensor(3) };
  return {
    ...{ layer: 'sum', op: add, variant, params: {} },
    ...{ inputs, outputs: { y: tensor(y) } },
  };
}

test('an op of a step that is wrong again is named', async () => {
  const wrong: Application<Tensor>[] = [];
  const { gpu, rerun } = await setUp(wrong);
  wrong.push(sumOf(gpu, 6));
  await expect(rerun(logOf([]))).rejects.toThrow(`step 1, layer sum, add (${variant}): y`);
});

test('nothing stays on a device on which a step fails', async () => {
  const { gpu, t } = await setUp();
  const held = gpu.memory.ledger.liveBytes;
  const step = vi.mocked(Trainer.prototype.step);
  const done = step.getMockImplementation() as typeof Trainer.prototype.step;
  step.mockImplementation(async function (this: Trainer) {
    await done.call(this);
    throw new RangeError('lost');
  });
  await expect(rerunTraining(t, text, config, logOf([NOTHING]))).rejects.toThrow('lost');
  expect(gpu.memory.ledger.liveBytes).toBe(held);
});

test('a tensor whose bits were others is named by its step, from the state before it', async () => {
  const right: Application<Tensor>[] = [];
  const { gpu, calls, rerun } = await setUp(right);
  right.push(sumOf(gpu, 5));
  const words = (...values: readonly number[]) => new Uint32Array(Float32Array.from(values).buffer);
  const was = fingerprintOf(words(4));
  const log = logOf([NOTHING, NOTHING, NOTHING.with(0, was[0]).with(1, was[1]), NOTHING]);
  log.keep(state(1));
  log.addAnomaly(4);
  await expect(rerun(log)).rejects.toThrow(
    `step 3, layer sum, add (${variant}): y[0] was 4 once, and is 5 when the step is run again`,
  );
  expect(calls).toEqual([state(1), 'step', 'step', state(1), 'step', 'judged']);
});
