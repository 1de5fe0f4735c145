import { FolderPlaceError } from '../../formats/hugging-face/folder-place.ts';
import { describeBrowser } from '../describe-browser.ts';
import type { ToWorker } from './messages.ts';
import { serveWorker } from './serve.ts';
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
    outputFolder: (place) => {
      if (typeof place !== 'string') return new WebOutput(place);
      throw new FolderPlaceError('a page writes into folders that a person chose, and no other');
    },
    checkpointFolder: (place) => {
      if (typeof place !== 'string') return new WebCheckpoints(place);
      throw new FolderPlaceError('a page keeps checkpoints in its own storage, and in no other');
    },
    startRank: startWebRank,
    post: (message) => self.postMessage(message),
  });
  self.onmessage = ({ data }: MessageEvent<ToWorker>) => void answer(data);
}
