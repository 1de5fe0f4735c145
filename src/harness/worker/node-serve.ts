import { type TransferListItem, Worker } from 'node:worker_threads';
import { globals } from 'webgpu';
import { messageOf } from '../../errors.ts';
import { describeNode } from './describe-node.ts';
import { DiskCheckpoints } from './disk-checkpoints.ts';
import type { ToWorker } from './messages.ts';
import { openNodeFolder } from './node-folder.ts';
import { nodeGpu } from './node-gpu.ts';
import type { LastWord } from './node-link.ts';
import { pathOf } from './output-path.ts';
import { serveWorker } from './serve.ts';
import { UnfinishedFiles } from './unfinished-files.ts';
import type { WorkerHost } from './worker-host.ts';

/** Makes this child process of Node a worker that runs `loadCases`. */
export function serveNodeWorker(loadCases: WorkerHost['loadCases']): void {
  Object.assign(globalThis, globals);
  const answer = serveWorker({
    loadCases,
    gpu: nodeGpu(),
    describe: describeNode,
    openFolder: openNodeFolder,
    outputFolder: (place) => new UnfinishedFiles(pathOf(place)),
    checkpointFolder: (place) => new DiskCheckpoints(pathOf(place)),
    startRank: (job) => {
      const script = new URL('./node-rank.js', import.meta.url);
      const ports = job.place.ports as unknown as TransferListItem[];
      // The ports of a thread that ends say so.
      new Worker(script, { workerData: job, transferList: ports }).on('error', () => {});
    },
    post: (message) => process.send?.(message),
  });
  process.on('message', (message: ToWorker) => {
    // Ctrl-C reaches every process of a terminal: a fine-tuning ends when it is told to, and is saved.
    if (message.type === 'tune') process.on('SIGINT', () => {});
    void answer(message);
  });
  process.on('disconnect', () => process.exit());
  process.on('uncaughtException', (error) => {
    const lastWord: LastWord = { type: 'threw', message: messageOf(error) };
    process.send?.(lastWord, () => process.exit(1));
  });
}
