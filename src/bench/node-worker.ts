import { globals } from 'webgpu';
import { describeNode } from '../harness/worker/describe-node.ts';
import { nodeGpu } from '../harness/worker/node-gpu.ts';
import type { ToBench } from './messages.ts';
import { serveBench } from './serve.ts';

Object.assign(globalThis, globals);

const answer = serveBench({
  gpu: nodeGpu(),
  runtime: describeNode(),
  adapters: GPUAdapter,
  post: (message) => process.send?.(message),
  load: (peer) => Promise.reject(new TypeError(`${peer.name} needs a browser`)),
});
process.on('message', (message: ToBench) => answer(message));
process.on('disconnect', () => process.exit());
// Ctrl-C reaches both processes; the one that started this one asks it to stop, and gets its report.
process.on('SIGINT', () => {});
