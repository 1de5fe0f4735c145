import { fork } from 'node:child_process';
import type { FromWorker, WorkerLink } from './messages.ts';

/** What a worker process says before an error that nothing caught ends it. */
export interface LastWord {
  readonly type: 'threw';
  readonly message: string;
}

/** Signals that no process gets of what it does itself; drivers that crash raise others. */
const FROM_OUTSIDE: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
]);

/**
 * Starts a child process of Node that runs `script`, the built node-worker; what drivers print goes
 * to `stderr`.
 */
export function startNodeWorker(
  script: string,
  env: NodeJS.ProcessEnv,
  stderr: 'inherit' | 'ignore' = 'inherit',
): WorkerLink {
  const child = fork(script, {
    serialization: 'advanced',
    env,
    stdio: ['ignore', 'ignore', stderr, 'ipc'],
  });
  let ended = false;
  let lastWord: LastWord | undefined;
  // A process that is gone answers with its exit; that a message cannot reach it any more is no
  // news.
  child.on('error', () => {});
  return {
    post: (message) => void child.send(message, () => {}),
    onMessage: (listener) => {
      child.on('message', (message: FromWorker | LastWord) => {
        if (message.type === 'threw') lastWord = message;
        else listener(message);
      });
    },
    onDeath: (listener) => {
      child.on('exit', (code, signal) => {
        if (ended) return;
        if (lastWord)
          return listener({
            code: 'worker-threw',
            reason: `the worker threw: ${lastWord.message}`,
          });
        const reason = `the worker process ended with ${signal ?? `status ${code}`}`;
        listener({
          code: 'worker-died',
          reason,
          ...(signal && FROM_OUTSIDE.has(signal) ? { fromOutside: true } : {}),
        });
      });
      child.on('error', ({ message }) => {
        if (child.pid === undefined)
          listener({
            code: 'worker-died',
            reason: `the worker process could not start: ${message}`,
          });
      });
    },
    terminate: () => {
      ended = true;
      child.kill('SIGKILL');
    },
  };
}
