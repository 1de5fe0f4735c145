import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { softwareGpu } from '../../src/cli/runtime/fixtures/software-gpu.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Shader } from '../../src/gpu/shader.ts';
import { shaderSources } from '../../src/gpu/shader-sources.ts';
import { mutantId } from '../../src/harness/mutation/mutants.ts';
import { mutantSet } from '../../src/harness/mutation/select.ts';
import { LinkError, ShaderSources } from '../../src/harness/mutation/sources.ts';
import { loadCases } from '../../src/harness/registry.ts';
import { runMutantJob } from '../../src/harness/worker/mutant-job.ts';
import { runCase } from '../../src/harness/worker/run-case.ts';

/**
 * The cases of the ops or suites that a recipe adds, with their controls, and the mutants of its shaders.
 * Copied beside it, since only there they exist.
 */

const listed = (name: string) => (process.env[name] ?? '').split(',').filter(Boolean);
const ops = listed('RECIPE_OPS');
const suites = listed('RECIPE_SUITES');
const shaders = listed('RECIPE_SHADERS');
const alsoMutants = listed('RECIPE_MUTANTS');

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const cases = [...(await loadCases()).values()].filter(
  ({ suite }) => suites.includes(suite) || ops.includes(suite.split('.')[2] ?? ''),
);

test.each(ops)('cases of %s were derived', (op) => {
  const own = cases.filter(({ suite }) => suite.endsWith(`.${op}`));
  expect(own.some(({ id }) => id.includes(':legal;'))).toBe(true);
  expect(own.length).toBeGreaterThan(4);
});

describe.each(cases.map((declared) => [declared.id, declared] as const))('%s', (_, declared) => {
  const run = async (control: boolean) =>
    (await runCase(declared, gpu, { ieee: true, seed: 1, control })).outcome;

  test('passes', async () => expect(await run(false)).toMatchObject({ status: 'pass' }));
  test('turns red with its fault', async () =>
    expect(await run(true)).toMatchObject({ status: 'fail' }));
});

const sources = new ShaderSources(shaderSources);
const mutants = mutantSet(sources).filter(
  (mutant) => shaders.includes(mutant.file) || alsoMutants.includes(mutantId(mutant)),
);

test.each(mutants.map((mutant) => [mutantId(mutant), mutant] as const))(
  `%s is seen in ${ops.join()}`,
  async (_, mutant) => {
    let kernels: readonly Shader[];
    try {
      kernels = await sources.mutated(mutant);
    } catch (error) {
      expect(error).toBeInstanceOf(LinkError);
      return;
    }
    const job = { type: 'mutant', kernels, cases, seed: 42, untilRed: true } as const;
    const { outcomes, invalid } = await runMutantJob(gpu, true, await loadCases(), job);
    // Without its store the kernel does not fit its bindings; what is no WGSL is no mutant.
    if (invalid === undefined) expect(['fail', 'error']).toContain(outcomes.at(-1)?.status);
  },
);
