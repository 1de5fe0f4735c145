import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchListener } from '../../bench/host.ts';
import type { FromBench, ToBench } from '../../bench/messages.ts';
import type { BenchOptions } from '../../bench/options.ts';
import { GradproofError } from '../../errors.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { Report } from '../../report/schema.ts';
import { findNodeHost } from '../runtime/node.ts';

/** The built worker, beside the built command line. */
const WORKER = fileURLToPath(new URL('./bench-worker.js', import.meta.url));

/**
 * Runs bench in a child process of Node, with the adapter that is found for it. Throws UnusableError
 * where there is none, and GradproofError for what ended it.
 */
export async function runInNode(
  options: BenchOptions,
  listen: BenchListener,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Report> {
  const { adapter, env } = await findNodeHost();
  say(`timing on ${adapter}`);
  const child = fork(WORKER, { serialization: 'advanced', env, stdio: ['ignore', 2, 2, 'ipc'] });
  const post = (message: ToBench) => void child.send(message, () => {});
  const cancel = () => post({ type: 'cancel' });
  signal.addEventListener('abort', cancel);
  try {
    return await new Promise<Report>((resolve, reject) => {
      child.on('exit', (code, ended) => {
        const how = ended ?? `status ${code}`;
        reject(new GradproofError('worker-died', `the process that was timing ended with ${how}`));
      });
      child.on('message', (message: FromBench) => {
        if (message.type === 'event') listen(message.event);
        else if (message.type === 'done') resolve(message.report);
        else reject(errorOf(message));
      });
      post({ type: 'start', options, peers: [] });
      if (signal.aborted) cancel();
    });
  } finally {
    signal.removeEventListener('abort', cancel);
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
}

/** What ended a bench, as an error of this process. */
export function errorOf({
  unusable,
  code,
  message,
}: Extract<FromBench, { readonly type: 'failed' }>): Error {
  return new (unusable ? UnusableError : GradproofError)(code, message);
}
