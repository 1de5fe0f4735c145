import type { FromWorker, WorkerLink } from './messages.ts';

/** Starts a Web Worker of the page. */
export function startWebWorker(): WorkerLink {
  return linkTo(
    new Worker(new URL('./web-worker.ts', import.meta.url), { type: 'module', name: 'gradproof' }),
  );
}

/** The runner's side of a Web Worker. */
export function linkTo(worker: Worker): WorkerLink {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) =>
      worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => listener(data)),
    onDeath: (listener) => {
      const tell = ({ message }: ErrorEvent) =>
        listener(
          message
            ? { code: 'worker-threw', reason: `the worker threw: ${message}` }
            : { code: 'worker-died', reason: 'the worker could not start' },
        );
      worker.addEventListener('error', tell);
    },
    terminate: () => worker.terminate(),
  };
}
