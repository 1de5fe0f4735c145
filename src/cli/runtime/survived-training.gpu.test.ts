import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TuningEvent, tune } from '../../harness/tuning.ts';
import { FOLDER, KINDS, trainingOf } from './fixtures/short-runs.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';
import { workerInProcess } from './fixtures/worker-in-process.ts';

/** A device that is really lost within a run costs what came after the last checkpoint. */

let place: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'survived-'));
  for (const [name, file] of FOLDER)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
});
afterEach(() => rmSync(place, { recursive: true }));

/** An adapter's provider, and the devices that it gave. */
async function recordedProvider() {
  const provider = await softwareProvider();
  const devices: GPUDevice[] = [];
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await provider.requestAdapter(options);
    const request = adapter?.requestDevice.bind(adapter);
    return (
      adapter &&
      Object.assign(adapter, {
        requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
          const device = await (request as GPUAdapter['requestDevice'])(descriptor);
          devices.push(device);
          return device;
        },
      })
    );
  };
  const { wgslLanguageFeatures } = provider;
  return { gpu: { requestAdapter, wgslLanguageFeatures } as GPU, devices };
}

/** A run, whose device is destroyed after each of these steps, once. */
async function play(losses: readonly number[]) {
  const { gpu, devices } = await recordedProvider();
  const { texts, config } = trainingOf(KINDS['lora with dropout']);
  const left = [...losses];
  const events: TuningEvent[] = [];
  const { report, files } = await tune(
    { cases: new Map(), startWorker: () => workerInProcess(gpu) },
    {
      ...{ folder: { kind: 'path', path: place }, name: 'tiny', base: 'tiny', texts, config },
      ...{ steps: 7, checkpoints: { place: join(place, `${losses}`), every: 2, resume: false } },
    },
    (event) => {
      events.push(event);
      if (event.type !== 'step' || event.step !== left[0]) return;
      left.shift();
      devices.at(-1)?.destroy();
    },
    new AbortController().signal,
  );
  return { result: report.results[0], files, events };
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

test('a device that is lost before there is a checkpoint ends the run', async () => {
  const { result, events } = await play([1]);
  expect(result?.error?.code).toBe('device-destroyed');
  expect(events.filter(({ type }) => type === 'lost')).toEqual([]);
});
