import { expect, test } from 'vitest';
import { linkedKernels } from '../gpu/fixtures/linked-kernels.ts';
import { launchers } from '../ops/registry.ts';
import { records } from '../reference/registry.ts';

const launcherSources = Object.values(
  import.meta.glob<string>('../ops/**/*.ts', { eager: true, query: '?raw', import: 'default' }),
);
const kernels = await linkedKernels();
/** The probe is the engine's own; ceilings are no ops. */
const isOps = (file: string) => !/^(lib|bench)\//.test(file);

test('there are as many records as launchers', () => {
  expect(records.size).toBeGreaterThan(5);
  expect([...records.keys()].sort()).toEqual([...launchers.keys()].sort());
});

test.each([...records.keys()])('op %s has a launcher, and a kernel for every variant', (name) => {
  expect(records.get(name)?.name).toBe(name);
  const variants = Object.values(launchers.get(name)?.variants ?? {});
  expect(variants.length).toBeGreaterThan(0);
  // A table of a number format has no inputs.
  const needsKernel = Object.keys(records.get(name)?.inputs ?? {}).length > 0;
  for (const variant of variants) {
    expect(variant.kernels.length).toBeGreaterThanOrEqual(needsKernel ? 1 : 0);
    for (const kernel of variant.kernels) expect(kernels.map(({ file }) => file)).toContain(kernel);
  }
});

test('every kernel belongs to a launcher', () => {
  const unused = kernels.filter(
    ({ file }) => isOps(file) && !launcherSources.some((source) => source.includes(`/${file}.w`)),
  );
  expect(unused.map(({ file }) => file)).toEqual([]);
});
