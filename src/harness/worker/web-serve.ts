import { describeBrowser } from '../describe-browser.ts';
import type { ToWorker } from './messages.ts';
import { serveWorker } from './serve.ts';
import { ServedCheckpoints } from './served-checkpoints.ts';
import { ServedOutput } from './served-output.ts';
import { WebCheckpoints } from './web-checkpoints.ts';
import { openWebFolder } from './web-folder.ts';
import { WebOutput } from './web-output.ts';
import { isWebRank, serveWebRank, startWebRank } from './web-rank.ts';
import type { WorkerHost } from './worker-host.ts';

/** Makes this Web Worker one that runs `loadCases`, or a rank of the one that started it. */
export function serveWebWorker(loadCases: WorkerHost['loadCases']): void {
  if (isWebRank()) {
    serveWebRank();
    return;
  }
  const answer = serveWorker({
    loadCases,
    gpu: navigator.gpu,
    describe: () => describeBrowser(navigator),
    openFolder: openWebFolder,
    outputFolder: (place) =>
      typeof place === 'string' ? new ServedOutput(place) : new WebOutput(place),
    checkpointFolder: (place) =>
      typeof place === 'string' ? new ServedCheckpoints(place) : new WebCheckpoints(place),
    startRank: startWebRank,
    post: (message) => self.postMessage(message),
  });
  self.onmessage = ({ data }: MessageEvent<ToWorker>) => void answer(data);
}
