import type {
  ReferenceEvent,
  ReferenceRequest,
  ReferenceTold,
} from '../../harness/tuning/on-reference.ts';
import { askWorker } from '../controls/ask-worker.ts';

/**
 * Fine-tunes on the reference, in a worker of its own, until the last step or that in which `signal`
 * aborts. Rejects with what the reference refuses.
 */
export async function tuneOnReference(
  request: ReferenceRequest,
  listen: (event: ReferenceEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const worker = new Worker(new URL('./reference-worker.ts', import.meta.url), {
    type: 'module',
    name: 'reference',
  });
  const hear = (told: ReferenceTold) => {
    if (told.type === 'failed') throw new Error(told.message);
    listen(told);
    return told.type === 'saved' || undefined;
  };
  const broken = (said: string) => new Error(`the reference cannot run: ${said}`);
  const ended = askWorker(worker, { request, hear, broken });
  const stop = () => worker.postMessage('stop');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
