import { GradproofError } from '../../errors.ts';
import { describeBrowser } from '../describe-browser.ts';
import type { ToWorker } from './messages.ts';
import { serveWorker } from './serve.ts';
import { openWebFolder } from './web-folder.ts';
import type { WorkerHost } from './worker-host.ts';

/** Makes this Web Worker one that runs `loadCases`. */
export function serveWebWorker(loadCases: WorkerHost['loadCases']): void {
  const answer = serveWorker({
    loadCases,
    gpu: navigator.gpu,
    describe: () => describeBrowser(navigator),
    openFolder: openWebFolder,
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
