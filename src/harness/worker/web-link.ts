import type { FromWorker, WorkerLink } from './messages.ts';

/** Starts a Web Worker of the page. */
export function startWebWorker(): WorkerLink {
  const worker = new Worker(new URL('./web-worker.ts', import.meta.url), { type: 'module', name: 'gradproof' });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => listener(data)),
    onDeath: (listener) => worker.addEventListener('error', (event) => listener(event.message || 'the worker could not start')),
    terminate: () => worker.terminate(),
  };
}
