import { requestDevice } from '../../gpu/device.ts';
import type { Case } from '../../testing/suite.ts';
import { type RunnerHost, run } from '../runner.ts';
import { Skip } from '../training/skip.ts';
import { train } from '../training.ts';
import type { WorkerLink } from '../worker/messages.ts';
import { outcomeOf } from './outcome.ts';
import type { HeadlessDriver, HeadlessPage } from './page.ts';

/**
 * Offers `cases` to the process that drives this page: the page's own runner and workers, without
 * clicks.
 */
export function serveHeadless(
  cases: ReadonlyMap<string, Case>,
  startWorker: () => WorkerLink,
): void {
  const driver = globalThis as unknown as HeadlessDriver;
  const cancelled = new AbortController();
  const skip = new Skip();
  const host: RunnerHost = {
    cases,
    startWorker,
    sharedGpu: { crash: () => driver.crashGpu() },
    isHidden: () => document.visibilityState === 'hidden',
    signal: cancelled.signal,
  };

  const page: HeadlessPage = {
    adapter: () =>
      outcomeOf(async () => {
        const { device, adapter } = await requestDevice(navigator.gpu);
        device.destroy();
        return (
          [adapter.vendor, adapter.architecture, adapter.description].filter(Boolean).join(' ') ||
          'an adapter without a name'
        );
      }),
    run: ({ options, ...replay }) =>
      outcomeOf(() => run({ ...host, ...replay }, options, (event) => void driver.emitRun(event))),
    train: (request) =>
      outcomeOf(() =>
        train(host, request, (event) => void driver.emitTraining(event), cancelled.signal, {
          skip,
        }),
      ),
    skip: (phase) => skip.rest(phase),
    cancel: () => cancelled.abort(),
  };

  Object.assign(globalThis, { gradproofPage: page });
}
