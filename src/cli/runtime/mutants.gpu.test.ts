import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { ShaderSources } from '../../harness/mutation/sources.ts';
import { loadCases } from '../../harness/registry.ts';
import { runMutantJob } from '../../harness/worker/mutant-job.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a worker makes of changed kernels, on a real device. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const files = ['lib/exp.wesl', 'lib/grid.wesl', 'nn/silu.wgsl'];
const read = (file: string) =>
  readFileSync(new URL(`../../../shaders/${file}`, import.meta.url), 'utf8');
const cases = new Map(
  [...(await loadCases())].filter(([id]) => id.startsWith('ops.nn.silu:legal;')),
);

/** Runs the cases of silu on its kernel with a fragment replaced. */
async function run(from: string, to: string) {
  const sources = new ShaderSources(
    Object.fromEntries(files.map((file) => [file, read(file).replace(from, to)])),
  );
  const kernels = await sources.original();
  const all = [...cases.values()].map(({ id, backend }) => ({ id, backend }));
  return runMutantJob(gpu, true, cases, {
    type: 'mutant',
    kernels,
    cases: all,
    seed: 42,
    untilRed: true,
  });
}

test('fuel changes nothing', async () => {
  const { outcomes } = await run('', '');
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'pass'));
  expect(outcomes.length).toBe(cases.size);
});

test('a loop that never ends by itself ends, and the next job is as before', async () => {
  const { outcomes } = await run('c++', 'c += 0u');
  expect(outcomes.at(-1)?.status).toBe('fail');
  expect((await run('', '')).outcomes.every(({ status }) => status === 'pass')).toBe(true);
});

test('invalid WGSL runs nothing', async () => {
  expect(await run('var c = 0u', 'var c = 0.5')).toMatchObject({
    outcomes: [],
    invalid: expect.stringMatching(/./),
  });
});
