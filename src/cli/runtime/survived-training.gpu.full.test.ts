import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Segments } from '../../autograd/segments.ts';
import { type TuningEvent, tune } from '../../harness/tuning.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { occupy } from './fixtures/occupy.ts';
import { recordedProvider } from './fixtures/recorded-provider.ts';
import { FOLDER, KINDS, trainingOf } from './fixtures/short-runs.ts';
import { workerInProcess } from './fixtures/worker-in-process.ts';

/** What really ends or hangs a worker costs its run what came after the last checkpoint. */

let place: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'survived-'));
  for (const [name, file] of FOLDER)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
});
afterEach(() => rmSync(place, { recursive: true }));

/** What is done to a run after an event of it, given its devices, the last one at the end. */
type Doing = (event: TuningEvent, devices: readonly GPUDevice[]) => void;

let runs = 0;

/**
 * A run with a checkpoint every two steps, and what `then` does to it; after its first device
 * adapters are refused so many times.
 */
async function playWith(then: Doing, fields: object = {}, refusals = 0) {
  const { gpu, devices } = await recordedProvider();
  let refused = 0;
  const requestAdapter: GPU['requestAdapter'] = async (options) => {
    if (devices.length === 0 || refused === refusals) return gpu.requestAdapter(options);
    refused += 1;
    return null;
  };
  const { texts, config } = trainingOf({ ...KINDS['lora with dropout'], ...fields });
  const events: TuningEvent[] = [];
  const checkpoints = { place: join(place, `${runs++}`), every: 2, resume: false };
  const { report, files } = await tune(
    { cases: new Map(), startWorker: () => workerInProcess({ ...gpu, requestAdapter }) },
    {
      ...{ folder: { kind: 'path', path: place }, name: 'tiny', base: 'tiny', texts, config },
      ...{ steps: 7, checkpoints },
    },
    (event) => {
      events.push(event);
      then(event, devices);
    },
    new AbortController().signal,
  );
  return { result: report.results[0], files, events, refused };
}

/** A run, whose device is destroyed after each of these steps, once. */
function play(losses: readonly number[]) {
  const left = [...losses];
  return playWith((event, devices) => {
    if (event.type !== 'step' || event.step !== left[0]) return;
    left.shift();
    devices.at(-1)?.destroy();
  });
}

const stepsOf = (events: readonly TuningEvent[]) =>
  events.flatMap((event) => (event.type === 'step' ? [event.step] : []));

test('a run whose device is lost, twice, goes on bit by bit with another', async () => {
  const whole = await play([]);
  const survived = await play([3, 6]);
  expect(survived.events.filter(({ type }) => type === 'lost')).toHaveLength(2);
  // After 2 and after 4 or 6 there was a checkpoint.
  expect(stepsOf(survived.events).slice(0, 4)).toEqual([1, 2, 3, 3]);
  expect(survived.result?.series).toEqual(whole.result?.series);
  expect(survived.files).toEqual(whole.files);
  expect(survived.events.filter(({ type }) => type === 'end')).toHaveLength(1);
});

test('a run whose device is lost before there is a checkpoint begins anew, once', async () => {
  const whole = await play([]);
  const again = await play([1]);
  expect(stepsOf(again.events).slice(0, 3)).toEqual([1, 1, 2]);
  expect(again.result?.series).toEqual(whole.result?.series);
  expect(again.files).toEqual(whole.files);
  const { result, events } = await play([1, 1]);
  expect(result?.error?.code).toBe('device-destroyed');
  expect(events.filter(({ type }) => type === 'lost')).toHaveLength(1);
});

test('its history says what it lost and where it went on, when it is resumed later, too', async () => {
  const { events } = await play([3]);
  const [lost] = events.filter((event) => event.type === 'lost');
  expect(lost).toMatchObject({ step: 3, why: expect.stringContaining('the GPU device was lost') });
  const resumed = events.filter((event) => event.type === 'resumed-from');
  const happened = resumed.flatMap(({ history }) => history.filter((one) => 'at' in one));
  expect(happened).toEqual([lost, { type: 'restored', step: 2, at: expect.any(String) }]);
});

/**
 * A run in which gradients of the steps that are made, from the fourth to the `last`, are not finite,
 * and whose device is destroyed after the first step that follows on going back, where `isLost`.
 */
async function playBack(isLost: boolean, last: number, recovery: object = {}) {
  let made = 0;
  using _fault = wrapSeam('train.llama.gradients', () => (gradients: Segments) => {
    made += 1;
    if (made < 4 || made > last) return gradients;
    const one = gradients.view([1]);
    using wrong = Tensor.from(one.gpu, hostTensor('f32', [1], Float32Array.of(Number.NaN)));
    one.copyFrom(wrong);
    return gradients;
  });
  let seen = 0;
  return await playWith(
    (event, devices) => {
      if (event.type !== 'step' || event.step !== 3) return;
      seen += 1;
      if (seen === 2 && isLost) devices.at(-1)?.destroy();
    },
    { recovery: { nonfinite_steps: 2, ...recovery }, heldout_fraction: 0 },
  );
}

/** What the last worker knew that had happened. */
const knownTo = (events: readonly TuningEvent[]) =>
  (events.findLast((event) => event.type === 'resumed-from')?.history ?? []).flatMap((one) =>
    'at' in one ? [`${one.type} ${one.step}`] : [],
  );

test('what happened after the last checkpoint is known to the next worker', async () => {
  const whole = await playBack(false, 5);
  const happened = ['skipped 4', 'skipped 5', 'rolled-back 5'];
  expect(knownTo(whole.events)).toEqual(happened);
  const survived = await playBack(true, 5);
  expect(knownTo(survived.events)).toEqual([...happened, 'lost 3', 'restored 2']);
  // It goes on as slowly as it did.
  expect(survived.result?.series).toEqual(whole.result?.series);
  expect(survived.files).toEqual(whole.files);
}, 300_000);

test('how often a run went back counts on in the next worker', async () => {
  const { result, events } = await playBack(true, Number.POSITIVE_INFINITY, { max_rollbacks: 1 });
  expect(result?.error?.message).toMatch(/^gradients are not finite 2 steps in a row up to step 4/);
  const back = ['skipped 4', 'skipped 5', 'rolled-back 5'];
  expect(knownTo(events)).toEqual([...back, 'skipped 3', 'lost 3', 'restored 2']);
}, 300_000);

test('where there is no adapter for a moment, the next worker is started again', async () => {
  const whole = await play([]);
  const survived = await playWith(
    (event, devices) => {
      if (event.type === 'step' && event.step === 3 && devices.length === 1) devices[0]?.destroy();
    },
    {},
    2,
  );
  expect(survived.refused).toBe(2);
  expect(survived.events.filter(({ type }) => type === 'lost')).toHaveLength(1);
  expect(survived.files).toEqual(whole.files);
});

test('a submit that hangs is left, and another worker goes on bit by bit', async () => {
  const whole = await play([]);
  let isBusy = false;
  const survived = await playWith(
    (event, devices) => {
      // A process that hangs is killed: in this one its device ends.
      if (event.type === 'lost') devices.at(-1)?.destroy();
      if (event.type !== 'step' || event.step !== 3 || isBusy) return;
      isBusy = true;
      occupy(devices.at(-1) as GPUDevice);
    },
    { recovery: { hang_seconds: 3 } },
  );
  const lost = survived.events.filter((event) => event.type === 'lost');
  expect(lost).toMatchObject([
    {
      type: 'lost',
      why: expect.stringMatching(/^no word from the worker for \d+ ms after step 3$/),
    },
  ]);
  expect(survived.result?.series).toEqual(whole.result?.series);
  expect(survived.files).toEqual(whole.files);
}, 120_000);

test('an exception within a step costs its run nothing', async () => {
  const whole = await play([]);
  let batches = 0;
  using _fault = wrapSeam('train.llama.collated', (original) => (texts: readonly unknown[]) => {
    batches += 1;
    if (batches === 6) throw new RangeError('this batch cannot be read');
    return original(texts);
  });
  const survived = await playWith(() => {});
  expect(survived.events.filter((event) => event.type === 'lost')).toMatchObject([
    {
      type: 'lost',
      why: expect.stringMatching(/^step \d \(epoch \d\.\d\d\): this batch cannot be read$/),
    },
  ]);
  // The state before that step was kept, so that none is made twice.
  expect(stepsOf(survived.events)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(survived.result?.series).toEqual(whole.result?.series);
  expect(survived.files).toEqual(whole.files);
});
