import type { ReadTexts, TextProgress } from '../../harness/tuning/texts.ts';
import { HeardTexts, type TextsRequest, type TextsTold } from '../../harness/tuning/told-texts.ts';

/**
 * The tokens of a data file, made in a worker of its own, so that the page answers meanwhile. Ends
 * the worker when `signal` aborts, and rejects then. Throws PartFaults for what is wrong.
 */
export async function textsInWorker(
  request: TextsRequest,
  tell: TextProgress,
  signal: AbortSignal,
): Promise<ReadTexts> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./texts-worker.ts', import.meta.url), {
    type: 'module',
    name: 'texts',
  });
  try {
    return await new Promise<ReadTexts>((resolve, reject) => {
      const heard = new HeardTexts();
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.onerror = ({ message }) => reject(new Error(`the texts cannot be read: ${message}`));
      worker.onmessage = ({ data }: MessageEvent<TextsTold>) => {
        try {
          const all = heard.hear(data, tell);
          if (all) resolve(all);
        } catch (error) {
          reject(error);
        }
      };
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}
