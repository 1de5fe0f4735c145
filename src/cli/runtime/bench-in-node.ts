import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchListener } from '../../bench/host.ts';
import type { FromBench, ToBench } from '../../bench/messages.ts';
import type { BenchOptions } from '../../bench/options.ts';
import { resultOf } from '../../harness/headless/outcome.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { Report } from '../../report/schema.ts';
import { Grace } from './grace.ts';

/** The built worker, beside the built command line. */
const WORKER = fileURLToPath(new URL('./bench-worker.js', import.meta.url));

/**
 * Runs bench in a child process of Node with this environment. Throws UnusableError where it has no
 * adapter or dies, InterruptedError where it does not end soon once `signal` has aborted, and
 * GradproofError for what ended it.
 */
export async function benchInNode(
  env: NodeJS.ProcessEnv,
  options: BenchOptions,
  listen: BenchListener,
  signal: AbortSignal,
): Promise<Report> {
  const child = fork(WORKER, { serialization: 'advanced', env, stdio: ['ignore', 2, 2, 'ipc'] });
  const post = (message: ToBench) => void child.send(message, () => {});
  const cancel = () => post({ type: 'cancel' });
  signal.addEventListener('abort', cancel);
  using grace = new Grace(signal);
  try {
    const ended = new Promise<Report>((resolve, reject) => {
      child.on('exit', (code, by) => {
        const how = by ?? `status ${code}`;
        reject(new UnusableError('worker-died', `the process that was timing ended with ${how}`));
      });
      child.on('message', (message: FromBench) => {
        if (message.type === 'event') listen(message.event);
        else if (message.type === 'ended')
          resolve(new Promise((ok) => ok(resultOf(message.outcome))));
      });
      post({ type: 'start', options, peers: [] });
      if (signal.aborted) cancel();
    });
    return await Promise.race([ended, grace.over]);
  } finally {
    signal.removeEventListener('abort', cancel);
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
}
