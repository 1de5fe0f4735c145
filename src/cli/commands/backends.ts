import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BridgeAddress } from '../../backends/bridge/address.ts';
import { BackendError } from '../../backends/manager/backend-error.ts';
import { CAPABILITIES } from '../../backends/manager/capabilities.ts';
import { chooseBackend, type Purpose, wantedBackend } from '../../backends/manager/choose.ts';
import { type DetectedBackend, detectBackends } from '../../backends/manager/detect.ts';
import { suggestedBatch, TABLE_LENGTHS } from '../../backends/manager/limits.ts';
import { GradproofError } from '../../errors.ts';
import { nodeGpu } from '../../harness/worker/node-gpu.ts';
import { startBridge } from '../bridge.ts';
import { EXIT } from '../exit.ts';
import { findSwiftShader, swiftShaderEnvironment } from '../runtime/swiftshader.ts';
import { PEERS_FOLDER } from '../server.ts';

/** What `gradproof backends` understands. */
export interface BackendsOptions {
  readonly backend: string;
  readonly purpose: 'train' | 'run' | 'ops';
  readonly bridge: boolean;
}

const PURPOSES: Readonly<Record<BackendsOptions['purpose'], Purpose>> = {
  train: 'trains',
  run: 'runsModels',
  ops: 'computesOps',
};

/** Lists the backends of this process, and says which is chosen; returns the exit status. */
export async function backendsCommand({
  backend,
  purpose = 'train',
  bridge = false,
}: Partial<BackendsOptions>): Promise<number> {
  const wanted = wantedBackend({ option: backend, env: process.env });
  await using running = bridge ? await startBridge('http://127.0.0.1') : undefined;
  const found = await detected(running ? [running.address] : []);
  for (const each of found) console.log(lineOf(each));
  try {
    const chosen = chooseBackend(found, PURPOSES[purpose], wanted);
    console.log(`\nto ${WORDS[purpose]}: ${chosen.name}${batchesOf(chosen)}`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    console.error(`gradproof: ${error.message}`);
    return EXIT.unusable;
  }
}

const WORDS = { train: 'train', run: 'run models', ops: 'compute single ops' } as const;

/** The system's Vulkan drivers, and where these give nothing a browser's own. */
async function detected(bridges: readonly BridgeAddress[]): Promise<readonly DetectedBackend[]> {
  const look = (env: NodeJS.ProcessEnv) =>
    detectBackends({ gpu: nodeGpu(env), ort: ortVersion, bridges });
  const asItIs = await look(process.env);
  const driver = asItIs[0]?.absent ? await findSwiftShader() : undefined;
  if (!driver) return asItIs;
  const env = swiftShaderEnvironment(driver, process.env);
  // Dawn's loader reads the variable itself.
  process.env['VK_DRIVER_FILES'] = env['VK_DRIVER_FILES'];
  return await look(env);
}

/** The version of ONNX Runtime whose modules are built. */
async function ortVersion(): Promise<string> {
  if (!existsSync(join(PEERS_FOLDER, 'ort.js')))
    throw new GradproofError('not-installed', 'it is not built: npm run bench:setup builds it');
  const main = createRequire(import.meta.url).resolve('onnxruntime-web');
  const file = join(dirname(main), '../package.json');
  return `onnxruntime-web ${JSON.parse(readFileSync(file, 'utf8')).version}, op by op`;
}

function lineOf({
  name,
  kind,
  absent,
  words = '',
  memory,
  features = [],
}: DetectedBackend): string {
  const start = name.padEnd(18);
  if (absent) return `${start} not available (${absent.code}): ${absent.message}`;
  const { trains, runsModels } = CAPABILITIES[kind];
  const does = trains ? 'trains' : runsModels ? 'runs models' : 'computes ops';
  const size = memory?.of === 'device' ? `, buffers of ${memory.buffer / 2 ** 20} MiB` : '';
  const halves = features.includes('shader-f16') ? ', f16' : '';
  return `${start} ${does}: ${words}${size}${halves}`;
}

/** Batches that it is meant for, by the length of texts. */
function batchesOf({ kind }: DetectedBackend): string {
  const batches = TABLE_LENGTHS.map((tokens) => `${suggestedBatch(kind, tokens)} of ${tokens}`);
  return `, in batches of ${batches.join(', ')} tokens`;
}
