import { GradproofError } from '../../errors.ts';
import { describeBrowser } from '../describe-browser.ts';
import type { ToWorker } from './messages.ts';
import { serveWorker, type WorkerHost } from './serve.ts';

/** Makes this Web Worker one that runs `loadCases`. */
export function serveWebWorker(loadCases: WorkerHost['loadCases']): void {
  const answer = serveWorker({
    loadCases,
    gpu: navigator.gpu,
    describe: () => describeBrowser(navigator),
    openFolder: async () => {
      throw new GradproofError(
        'not-implemented',
        'a browser opens no folder in this version yet: train in Node',
      );
    },
    outputFolder: () => {
      throw new GradproofError(
        'not-implemented',
        'a browser writes no folder in this version yet: save the model in Node',
      );
    },
    post: (message) => self.postMessage(message),
  });
  self.onmessage = ({ data }: MessageEvent<ToWorker>) => void answer(data);
}
