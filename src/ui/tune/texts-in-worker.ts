import type { ReadTexts, TextProgress } from '../../harness/tuning/texts.ts';
import { HeardTexts, type TextsRequest, type TextsTold } from '../../harness/tuning/told-texts.ts';
import { askWorker } from '../controls/ask-worker.ts';

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
  const heard = new HeardTexts();
  const hear = (told: TextsTold) => heard.hear(told, tell);
  const broken = (said: string) => new Error(`the texts cannot be read: ${said}`);
  return await askWorker(worker, { request, hear, broken }, signal);
}
