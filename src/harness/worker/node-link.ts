import { fork } from 'node:child_process';
import type { FromWorker, WorkerLink } from './messages.ts';

/** Starts a child process of Node that runs `script`, the built node-worker; what drivers print goes to `stderr`. */
export function startNodeWorker(script: string, env: NodeJS.ProcessEnv, stderr: 'inherit' | 'ignore' = 'inherit'): WorkerLink {
  const child = fork(script, { serialization: 'advanced', env, stdio: ['ignore', 'ignore', stderr, 'ipc'] });
  let ended = false;
  // A process that is gone answers with its exit; that a message cannot reach it any more is no news.
  child.on('error', () => {});
  return {
    post: (message) => void child.send(message, () => {}),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromWorker)),
    onDeath: (listener) => {
      child.on('exit', (code, signal) => {
        if (!ended) listener(`the worker process ended with ${signal ?? `status ${code}`}`);
      });
      child.on('error', ({ message }) => {
        if (child.pid === undefined) listener(`the worker process could not start: ${message}`);
      });
    },
    terminate: () => {
      ended = true;
      child.kill('SIGKILL');
    },
  };
}
