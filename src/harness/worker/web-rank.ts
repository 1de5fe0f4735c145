import { Gpu } from '../../gpu/gpu.ts';
import { ProcessGroup } from '../../train/sharded/process-group.ts';
import type { RankJob } from './messages.ts';
import { serveRank } from './rank-job.ts';
import { openWebFolder } from './web-folder.ts';

/** What a worker is called that is a rank of the one that started it. */
const RANK = 'gradproof-rank';

/** Whether this Web Worker is a rank: it has the script of the one that started it. */
export const isWebRank = (): boolean => self.name === RANK;

/** Makes this Web Worker one rank of a fine-tuning: it asks for its job, and ends with it. */
export function serveWebRank(): void {
  self.onmessage = async ({ data: job }: MessageEvent<RankJob>) => {
    await serveRank(new ProcessGroup(job.place), job, {
      requestGpu: () => Gpu.request(navigator.gpu),
      openFolder: openWebFolder,
    });
    self.close();
  };
  self.postMessage('ready');
}

/** Starts a rank in a worker of this one. */
export function startWebRank(job: RankJob): void {
  const worker = new Worker(self.location.href, { type: 'module', name: RANK });
  worker.onmessage = () => worker.postMessage(job, [...job.place.ports]);
  // Its ports are still here then, and the other ranks are told in its place.
  worker.onerror = () => new ProcessGroup(job.place).fail(new Error('its script cannot be loaded'));
}
