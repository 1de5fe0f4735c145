import { GradproofError, messageOf } from '../../errors.ts';
import { NoAdapterError, requestDevice } from '../../gpu/device.ts';
import { loadCases } from '../registry.ts';
import { type RunnerHost, run, UnusableError } from '../runner.ts';
import { train } from '../training.ts';
import { startWebWorker } from '../worker/web-link.ts';
import type { HeadlessDriver, HeadlessPage, Outcome } from './page.ts';

/** The entry of headless.html: the page's own runner and workers, driven from outside instead of by clicks. */

const driver = globalThis as unknown as HeadlessDriver;
const cancelled = new AbortController();
const host: RunnerHost = {
  cases: loadCases(),
  startWorker: startWebWorker,
  onHang: () => driver.crashGpu(),
  signal: cancelled.signal,
};

const page: HeadlessPage = {
  adapter: () =>
    outcomeOf(async () => {
      const { device, adapter } = await requestDevice(navigator.gpu);
      device.destroy();
      return [adapter.vendor, adapter.architecture, adapter.description].filter(Boolean).join(' ') || 'an adapter without a name';
    }),
  run: ({ options, ...replay }) => outcomeOf(() => run({ ...host, ...replay }, options, (event) => void driver.emitRun(event))),
  train: (request) => outcomeOf(() => train(host, request, (event) => void driver.emitTraining(event), cancelled.signal)),
  cancel: () => cancelled.abort(),
};

Object.assign(globalThis, { gradproofPage: page });

async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const code = error instanceof GradproofError ? error.code : 'exception';
    return { ok: false, unusable: error instanceof UnusableError || error instanceof NoAdapterError, code, message: messageOf(error) };
  }
}
