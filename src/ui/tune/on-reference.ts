import type {
  ReferenceEvent,
  ReferenceRequest,
  ReferenceTold,
} from '../../harness/tuning/on-reference.ts';

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
  const stop = () => worker.postMessage('stop');
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onerror = ({ message }) => reject(new Error(`the reference cannot run: ${message}`));
      worker.onmessage = ({ data }: MessageEvent<ReferenceTold>) => {
        if (data.type === 'failed') return reject(new Error(data.message));
        listen(data);
        if (data.type === 'saved') resolve();
      };
      worker.postMessage(request);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    worker.terminate();
  }
}
