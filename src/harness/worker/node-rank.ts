import { workerData } from 'node:worker_threads';
import { globals } from 'webgpu';
import { Gpu } from '../../gpu/gpu.ts';
import { ProcessGroup } from '../../train/sharded/process-group.ts';
import type { RankJob } from './messages.ts';
import { openNodeFolder } from './node-folder.ts';
import { nodeGpu } from './node-gpu.ts';
import { serveRank } from './rank-job.ts';

// A thread of a worker process: one rank of a fine-tuning.
Object.assign(globalThis, globals);
const job = workerData as RankJob;
using group = new ProcessGroup(job.place);
await serveRank(group, job, {
  requestGpu: () => Gpu.request(nodeGpu()),
  openFolder: openNodeFolder,
});
