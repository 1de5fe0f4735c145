import os from 'node:os';
import { create, globals } from 'webgpu';
import type { ToWorker } from './messages.ts';
import { serveWorker } from './serve.ts';

Object.assign(globalThis, globals);

const answer = serveWorker({
  gpu: create(['enable-dawn-features=allow_unsafe_apis']),
  describe: () => ({
    runtime: 'node',
    runtimeVersion: process.versions.node,
    os: `${os.platform()} ${os.arch()}`,
    cores: os.availableParallelism(),
  }),
  post: (message) => process.send?.(message),
});

process.on('message', (message: ToWorker) => void answer(message));
process.on('disconnect', () => process.exit());
