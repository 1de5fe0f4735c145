import os from 'node:os';
import type { RuntimeDescription } from './environment.ts';

/** This process of Node, and the computer that it runs on. */
export function describeNode(): RuntimeDescription {
  return {
    runtime: 'node',
    runtimeVersion: process.versions.node,
    os: `${os.platform()} ${os.arch()}`,
    cores: os.availableParallelism(),
  };
}
