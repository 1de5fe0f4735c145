import { requestDevice } from '../../gpu/device.ts';
import { headOf } from '../../report/head.ts';
import type { Case } from '../../testing/suite.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { pageEquipment } from '../page-equipment.ts';
import { type RunnerHost, run } from '../runner.ts';
import { Skip } from '../training/skip.ts';
import { train } from '../training.ts';
import { type TuningEvent, type TuningRequest, tune } from '../tuning.ts';
import type { WorkerLink } from '../worker/messages.ts';
import { partsOf } from './file-parts.ts';
import { messageIn, TELL_DRIVER, type ToDriver, type ToPage, textOf } from './line.ts';
import { outcomeOf } from './outcome.ts';
import type { HeadlessDriver, HeadlessPage } from './page.ts';
import { WorkersElsewhere } from './workers-elsewhere.ts';

/**
 * Offers cases to the process that drives this page: the page's own runner and workers, without
 * clicks. They are loaded when they are to run: a page whose worker has its runner elsewhere runs
 * none.
 */
export function serveHeadless(
  loadCases: () => Promise<ReadonlyMap<string, Case>>,
  startWorker: () => WorkerLink,
): void {
  const driver = globalThis as unknown as HeadlessDriver;
  const cancelled = new AbortController();
  const skip = new Skip();
  const tell = (message: ToDriver) => driver[TELL_DRIVER](textOf(message));
  const elsewhere = new WorkersElsewhere(tell);
  let forOthers: WorkerLink | undefined;
  let isFallback = false;
  const host: Omit<RunnerHost, 'cases'> = {
    startWorker,
    startWithOwnGpu: () => elsewhere.start(),
    hasFallbackAdapter: () => isFallback,
    sharedGpu: { crash: () => driver.crashGpu() },
    isHidden: () => document.visibilityState === 'hidden',
    signal: cancelled.signal,
  };

  const page: HeadlessPage = {
    adapter: () =>
      outcomeOf(async () => {
        const { device, adapter } = await requestDevice(navigator.gpu);
        device.destroy();
        isFallback = adapter.isFallback;
        return (
          [adapter.vendor, adapter.architecture, adapter.description].filter(Boolean).join(' ') ||
          'an adapter without a name'
        );
      }),
    equipment: pageEquipment,
    run: ({ options, ...replay }) =>
      outcomeOf(async () =>
        headOf(
          await run({ ...host, ...replay, cases: await loadCases() }, options, (event) => {
            if (event.type !== 'end') tell({ type: 'run', event });
          }),
        ),
      ),
    train: (request) =>
      outcomeOf(async () =>
        train(
          { ...host, cases: await loadCases() },
          request,
          (event) => tell({ type: 'training', event }),
          cancelled.signal,
          { skip },
        ),
      ),
    tune: (text) =>
      outcomeOf(async () => {
        let saved: readonly OutputFile[] = [];
        const listen = (event: TuningEvent) => {
          if (event.type !== 'saved') return tell({ type: 'training', event });
          saved = event.files;
          for (const part of partsOf(saved)) tell({ type: 'file', part });
          tell({ type: 'training', event: { type: 'saved', files: [] } });
        };
        const { report, files } = await tune(
          { ...host, cases: await loadCases() },
          messageIn<TuningRequest>(text),
          listen,
          cancelled.signal,
        );
        return { report, files: files.filter((file) => !saved.includes(file)) };
      }),
    skip: (phase) => skip.rest(phase),
    cancel: () => cancelled.abort(),
    tell: (text) => {
      const message = messageIn<ToPage>(text);
      if (message.type === 'hear') elsewhere.hear(message.id, message.heard);
      else {
        forOthers ??= startForOthers(startWorker, tell);
        forOthers.post(message.message);
      }
    },
  };

  Object.assign(globalThis, { gradproofPage: page });
}

/** A worker of this page that answers a runner in another browser. */
function startForOthers(
  startWorker: () => WorkerLink,
  tell: (message: ToDriver) => void,
): WorkerLink {
  const worker = startWorker();
  worker.onMessage((message) => tell({ type: 'heard', heard: { type: 'message', message } }));
  worker.onDeath((death) => tell({ type: 'heard', heard: { type: 'death', death } }));
  return worker;
}
