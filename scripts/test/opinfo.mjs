import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bridgeEnvironment, bridgeProgram } from '../bridge/environment.mjs';
import { commitOf } from '../setup/commit.mjs';
import { resultFile, runPart } from './part.mjs';

/**
 * A draw of PyTorch's own samples by the commit's hash, made by the torch that is installed and
 * replayed in Node; without the full environment of the bridge nothing.
 * @param {string} root
 * @param {string} results
 * @param {(report: object) => import('./part.mjs').Counts} countsOfReport
 * @returns {Promise<import('./part.mjs').Counts[]>}
 */
export async function torchSamples(root, results, countsOfReport) {
  if (bridgeEnvironment(root) !== 'full') return [];
  const folder = join(results, 'opinfo');
  rmSync(folder, { recursive: true, force: true });
  const make = ['opinfo', '--out', folder, '--seed', String(seedOf(commitOf(root)))];
  const made = await runPart(
    "PyTorch's own samples: made",
    [bridgeProgram(root, 'gradproof-bridge'), ...make],
    { root, env: { ...process.env, OMP_NUM_THREADS: '1' } },
  );
  if (made.failed > 0) return [made];
  const json = resultFile(join(results, 'opinfo.json'));
  const replay = ['--runtime', 'node', '--parity', folder, '--report', json.path];
  const replayed = await runPart(
    "PyTorch's own samples: replayed",
    [process.execPath, join(root, 'scripts/start.mjs'), ...replay],
    { root, countsOf: () => countsOfReport(json.read()) },
  );
  return [made, replayed];
}

/**
 * A seed of 32 bits by which each commit draws others; 0 outside a checkout.
 * @param {string} commit
 */
export function seedOf(commit) {
  return Number.parseInt(commit.slice(0, 8), 16) || 0;
}
