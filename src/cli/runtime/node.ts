import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadCases } from '../../harness/registry.ts';
import { type RunnerHost, run, UnusableError } from '../../harness/runner.ts';
import { train } from '../../harness/training.ts';
import type { WorkerLink } from '../../harness/worker/messages.ts';
import { startNodeWorker } from '../../harness/worker/node-link.ts';
import type { Runtime } from './runtime.ts';
import { findSwiftShader, swiftShaderEnvironment } from './swiftshader.ts';

/** The built worker, beside the built command line. */
const WORKER = fileURLToPath(new URL('./node-worker.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** How one environment's child process answered when asked for a device. */
type Answer = { readonly ok: true; readonly adapter: string } | { readonly ok: false; readonly message: string; readonly died?: boolean };
/** How long to wait before another one is asked after one died, which may be anybody's doing: one that dies more often is of no use. */
const ASK_AGAIN_MS = [0, 250, 2000];

/** Child processes that get an adapter. */
export interface NodeHost {
  readonly adapter: string;
  readonly startWorker: () => WorkerLink;
}

/** Opens Node with the adapter that {@link findNodeHost} finds for the built `worker`. Throws UnusableError. */
export async function openNode(cases = loadCases(), worker = WORKER): Promise<Runtime> {
  return new NodeRuntime(cases, await findNodeHost(worker));
}

/** The built worker's text: it names what it imports by their contents, so that two builds are one only if their workers are. */
export function workerText(): string {
  return readFileSync(WORKER, 'utf8');
}

/** Finds the environment whose child processes, of the built `worker`, get an adapter: as it is, else with a browser's SwiftShader. Throws UnusableError. */
export async function findNodeHost(worker = WORKER): Promise<NodeHost> {
  const tried: string[] = [];
  const asItIs = await askForAdapter(worker, process.env);
  if (asItIs.ok) return hostIn(worker, process.env, asItIs.adapter);
  tried.push(`npm webgpu with the system's Vulkan drivers: ${asItIs.message}`);
  const driver = await findSwiftShader();
  if (driver) {
    const env = swiftShaderEnvironment(driver, process.env);
    const software = await askForAdapter(worker, env);
    if (software.ok) return hostIn(worker, env, software.adapter);
    tried.push(`npm webgpu with ${driver}: ${software.message}`);
  } else {
    tried.push('no installed browser brings SwiftShader');
  }
  throw new UnusableError('no-adapter', `${tried.join('; ')}: install a Vulkan driver, or Chromium for its SwiftShader`);
}

function hostIn(worker: string, env: NodeJS.ProcessEnv, adapter: string): NodeHost {
  return { adapter: `${adapter}, Node ${process.versions.node}`, startWorker: () => startNodeWorker(worker, env) };
}

class NodeRuntime implements Runtime {
  readonly adapter: string;
  readonly #host: RunnerHost;

  constructor(cases: RunnerHost['cases'], { adapter, startWorker }: NodeHost) {
    this.adapter = adapter;
    this.#host = { cases, startWorker };
  }

  async run(...[{ options, ...replay }, listen, signal]: Parameters<Runtime['run']>) {
    return run({ ...this.#host, ...replay, signal }, options, listen);
  }

  async train(...[request, listen, signal]: Parameters<Runtime['train']>) {
    return train(this.#host, request, listen, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Asks a worker with this environment for its adapter, and another one when it died of that. */
async function askForAdapter(worker: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  for (let deaths = 0; ; deaths++) {
    const answer = await askOnce(worker, env);
    const delay = ASK_AGAIN_MS[deaths];
    if (answer.ok || !answer.died || delay === undefined) return answer;
    await sleep(delay);
  }
}

/** Starts a worker with this environment, lets it get a device, and ends it. */
function askOnce(worker: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  const link = startNodeWorker(worker, env, 'ignore');
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Answer>((resolve) => {
    const fail = (message: string) => resolve({ ok: false, message });
    timer = setTimeout(() => fail(`no answer within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    link.onDeath(({ reason }) => resolve({ ok: false, message: reason, died: true }));
    link.onMessage((message) => {
      if (message.type !== 'ready') return fail(message.type === 'unusable' ? message.message : 'an unexpected answer');
      const { vendor, architecture, description } = message.environment.adapter;
      resolve({ ok: true, adapter: [vendor, architecture, description].filter(Boolean).join(' ') });
    });
    link.post({ type: 'start' });
  }).finally(() => {
    clearTimeout(timer);
    link.terminate();
  });
}
