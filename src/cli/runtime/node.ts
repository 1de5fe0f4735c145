import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { retry } from '../../harness/retry.ts';
import { RESTART_PAUSES_MS } from '../../harness/runner/persistently.ts';
import { type RunnerHost, run, UnusableError } from '../../harness/runner.ts';
import { train } from '../../harness/training.ts';
import { tune } from '../../harness/tuning.ts';
import type { WorkerLink } from '../../harness/worker/messages.ts';
import { startNodeWorker } from '../../harness/worker/node-link.ts';
import type { Environment } from '../../report/schema.ts';
import { planCases } from '../plan-cases.ts';
import { benchInNode } from './bench-in-node.ts';
import type { Runtime } from './runtime.ts';
import { findSwiftShader, swiftShaderEnvironment } from './swiftshader.ts';

/** The built worker, beside the built command line. */
const WORKER = fileURLToPath(new URL('./node-worker.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** A child process ended while it was asked for its adapter, which may come from outside. */
class WorkerDiedError extends UnusableError {}

/** Child processes that get an adapter. */
export interface NodeHost {
  readonly adapter: string;
  readonly limits: Environment['limits'];
  /** In which they get it. */
  readonly env: NodeJS.ProcessEnv;
  readonly startWorker: (more?: NodeJS.ProcessEnv) => WorkerLink;
}

/**
 * Opens Node with the adapter that {@link findNodeHost} finds for the built `worker`. Throws
 * UnusableError.
 */
export async function openNode(cases?: RunnerHost['cases'], worker = WORKER): Promise<Runtime> {
  return new NodeRuntime(cases ?? (await planCases()), await findNodeHost(worker));
}

/**
 * The built worker's text: it names what it imports by their contents, so that two builds are one
 * only if their workers are.
 */
export function workerText(): string {
  return readFileSync(WORKER, 'utf8');
}

/**
 * Finds the environment whose child processes, of the built `worker`, get an adapter: as it is,
 * else with a browser's SwiftShader. Throws UnusableError.
 */
export async function findNodeHost(worker = WORKER): Promise<NodeHost> {
  const tried: string[] = [];
  const hostIn = async (env: NodeJS.ProcessEnv, drivers: string): Promise<NodeHost | undefined> => {
    try {
      const { adapter, limits } = await retry(
        () => askForAdapter(worker, env),
        [0, ...RESTART_PAUSES_MS],
        (error) => !(error instanceof WorkerDiedError),
      );
      return {
        adapter: `${adapter}, Node ${process.versions.node}`,
        limits,
        env,
        startWorker: (more) => startNodeWorker(worker, { ...env, ...more }),
      };
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      tried.push(`npm webgpu with ${drivers}: ${error.message}`);
      return undefined;
    }
  };
  const asItIs = await hostIn(process.env, "the system's Vulkan drivers");
  if (asItIs) return asItIs;
  const driver = await findSwiftShader();
  if (driver) {
    const software = await hostIn(swiftShaderEnvironment(driver, process.env), driver);
    if (software) return software;
  } else {
    tried.push('no installed browser brings SwiftShader');
  }
  throw new UnusableError(
    'no-adapter',
    `${tried.join('; ')}: install a Vulkan driver, or Chromium for its SwiftShader`,
  );
}

class NodeRuntime implements Runtime {
  readonly adapter: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #host: RunnerHost;

  constructor(cases: RunnerHost['cases'], { adapter, env, startWorker }: NodeHost) {
    this.adapter = adapter;
    this.#env = env;
    this.#host = { cases, startWorker };
  }

  startWorker(): WorkerLink {
    return this.#host.startWorker();
  }

  async run(...[{ options, ...replay }, listen, signal]: Parameters<Runtime['run']>) {
    return run({ ...this.#host, ...replay, signal }, options, listen);
  }

  async train(...[request, listen, signal, skip]: Parameters<Runtime['train']>) {
    return train(this.#host, request, listen, signal, { skip });
  }

  async tune(...[request, listen, signal]: Parameters<Runtime['tune']>) {
    return tune(this.#host, request, listen, signal);
  }

  async bench(...[{ options }, listen, signal]: Parameters<Runtime['bench']>) {
    return benchInNode(this.#env, options, listen, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/**
 * Starts a worker with this environment, lets it get a device, and ends it. Throws UnusableError.
 */
function askForAdapter(
  worker: string,
  env: NodeJS.ProcessEnv,
): Promise<Pick<NodeHost, 'adapter' | 'limits'>> {
  const link = startNodeWorker(worker, env, 'ignore');
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Pick<NodeHost, 'adapter' | 'limits'>>((resolve, reject) => {
    const fail = (message: string) => reject(new UnusableError('no-adapter', message));
    timer = setTimeout(() => fail(`no answer within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    link.onDeath(({ code, reason }) => reject(new WorkerDiedError(code, reason)));
    link.onMessage((message) => {
      if (message.type !== 'ready')
        return fail(message.type === 'unusable' ? message.message : 'an unexpected answer');
      const { limits, adapter } = message.environment;
      const { vendor, architecture, description } = adapter;
      resolve({ adapter: [vendor, architecture, description].filter(Boolean).join(' '), limits });
    });
    link.post({ type: 'start' });
  }).finally(() => {
    clearTimeout(timer);
    link.terminate();
  });
}
