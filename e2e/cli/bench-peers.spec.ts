import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import type { CaseResult } from '../../src/report/schema.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const PRODUCT = 'bench.matmul:f32;m=37;n=29;k=53';
const FOUR_BIT = 'bench.matmul_4bit:nf4;m=1;n=1376;k=512;block=128';
const ATTENTION = 'bench.scaled_dot_product_attention:f32;heads=8;tokens=64;width=64';
const GRADIENTS = `${ATTENTION};grad=q+k+v`;
const FILTERS = [PRODUCT, FOUR_BIT, ATTENTION, GRADIENTS];

const PEERS = ['jax-webgpu', 'ort-wasm', 'ort-webgpu', 'tfjs-webgpu'];
/** They have gradients. */
const TRAINING = ['jax-webgpu', 'tfjs-webgpu'];

// What is fresh is left as it is.
test.beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/bench-setup.mjs')], { stdio: 'ignore' });
});

/** The contenders whose results were right, and timed. */
function rightOf(results: readonly CaseResult[], id: string): string[] {
  const right = results.filter((one) => one.id === id && one.status === 'pass');
  for (const { assertions, timing, backend } of right) {
    if (backend !== 'ceiling') expect([backend, assertions]).not.toEqual([backend, 0]);
    expect([backend, (timing?.medianMs ?? 0) > 0]).toEqual([backend, true]);
  }
  return right.map(({ backend }) => backend).sort();
}

test('bench times the peers beside ours, each held to the oracle first', async ({ folder }) => {
  test.slow();
  const file = join(folder, 'bench.json');
  const filters = FILTERS.flatMap((filter) => ['--filter', filter]);
  const few = ['--samples', '5', '--warm-up', '1'];
  const args = ['bench', '--peers', 'ort,tfjs,jax', ...few, ...filters, '--report', file];
  const { status, stdout } = await gradproof(args);
  expect([status, stdout]).toEqual([0, stdout]);
  const { results } = readReport(readFileSync(file, 'utf8'), file);
  for (const id of [PRODUCT, ATTENTION])
    expect([id, rightOf(results, id)]).toEqual([id, ['ceiling', ...PEERS, 'webgpu']]);
  expect(rightOf(results, FOUR_BIT)).toEqual(['ceiling', 'ort-wasm', 'ort-webgpu', 'webgpu']);
  expect(rightOf(results, GRADIENTS)).toEqual(['ceiling', ...TRAINING, 'webgpu']);
  // The ratio is to the fastest on the same adapter: WebAssembly counts in none.
  const ours = results.find(({ id, backend }) => id === PRODUCT && backend === 'webgpu');
  const onAdapter = results.filter(
    ({ id, backend }) => id === PRODUCT && PEERS.includes(backend) && backend !== 'ort-wasm',
  );
  const fastest = Math.min(...onAdapter.map(({ timing }) => timing?.medianMs as number));
  expect(ours?.metrics?.['ratio']).toBeCloseTo(fastest / (ours?.timing?.medianMs as number), 9);
});
