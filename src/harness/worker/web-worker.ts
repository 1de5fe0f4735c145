import { describeBrowser } from '../runtime.ts';
import type { ToWorker } from './messages.ts';
import { serveWorker } from './serve.ts';

const answer = serveWorker({
  gpu: navigator.gpu,
  describe: () => describeBrowser(navigator),
  post: (message) => self.postMessage(message),
});

self.onmessage = ({ data }: MessageEvent<ToWorker>) => void answer(data);
