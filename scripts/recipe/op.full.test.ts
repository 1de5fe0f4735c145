import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecipeCopy, ROOT } from './copy.ts';

/** Does what CONTRIBUTING says under "Add an op", in a copy of the tree. */

const { bridgeProgram, ensureBridge } = (await import(
  new URL('../bridge/environment.mjs', import.meta.url).href
)) as {
  readonly bridgeProgram: (root: string, name: string) => string;
  readonly ensureBridge: (root: string, kind: 'minimal' | 'full') => Promise<void>;
};

let copy: RecipeCopy;

beforeAll(async () => {
  await ensureBridge(ROOT, 'minimal');
  copy = new RecipeCopy('Add an op');
});
afterAll(() => copy[Symbol.dispose]());

test('with parity an op is four files, one more for its second kernel, and at most four of Python', () => {
  const ofPython = copy.files.filter(({ path }) => path.endsWith('.py'));
  const kernels = copy.files.filter(({ path }) => path.endsWith('.wgsl'));
  expect(kernels.length).toBeGreaterThan(0);
  expect(ofPython.length).toBeGreaterThan(0);
  expect(ofPython.length).toBeLessThanOrEqual(4);
  expect(copy.files.length - ofPython.length - (kernels.length - 1)).toBeLessThanOrEqual(4);
  for (const { path } of copy.files) expect(existsSync(join(ROOT, path)), path).toBe(false);
});

test('the generated vocabulary is stale until its command is run', () => {
  const command = ['run', 'src/formats/parity-bundle/vocabulary.test.ts'];
  expect(() => copy.run('vitest/vitest.mjs', ...command)).toThrow(/softplus/);
  copy.run('vitest/vitest.mjs', ...command, '-u');
  const vocabulary = copy.at('bridge/src/gradproof_bridge/bundle/vocabulary.json');
  expect(readFileSync(vocabulary, 'utf8')).toContain('"softplus"');
});

test('the bridge finds formula, op and cases; the formula accepts what it gives', () => {
  const python = (...args: string[]) =>
    execFileSync(bridgeProgram(ROOT, 'python'), args, {
      cwd: copy.at('bridge'),
      encoding: 'utf8',
      // The copy comes before the package that is installed.
      env: { ...process.env, PYTHONPATH: copy.at('bridge/src'), PYTHONDONTWRITEBYTECODE: '1' },
    });
  const found = [
    'from gradproof_bridge.backends.torch_backend import TorchBackend',
    'from gradproof_bridge.cases.registry import cases',
    "print('softplus' in TorchBackend().ops(), sum(case.op == 'softplus' for case in cases()))",
  ];
  expect(python('-c', found.join('\n'))).toBe('True 2\n');
  expect(python('-m', 'pytest', 'tests/test_formulas.py', '-k', 'softplus')).toMatch(/^\.{2,} /m);
  const written = copy.files.map(({ path }) => path).filter((path) => path.endsWith('.py'));
  const sources = written.map((path) => copy.at(path));
  python('-m', 'ruff', 'check', ...sources);
  python('-m', 'ruff', 'format', '--check', ...sources);
});

test('they are typed and formatted as the others are', () => copy.check());

test('the numbers of its samples are missing until their command is run', () => {
  copy.run('vitest/vitest.mjs', 'run', 'src/testing/reference-numbers', '-t', 'softplus', '-u');
  const numbers = copy.at('src/testing/reference-numbers/__snapshots__/math.test.ts.snap');
  expect(readFileSync(numbers, 'utf8')).toContain('of softplus are');
});

test('registry, VJP, bounds and power hold, cases pass on a GPU and turn red with their faults', () => {
  const tests = ['scripts/recipe/cases.test.ts', 'src/testing', 'src/reference/vjp.test.ts'];
  const { failed, passed } = copy.test('softplus', tests, {
    RECIPE_OPS: 'softplus',
    RECIPE_SHADERS: 'math/softplus',
  });
  expect(failed).toEqual([]);
  // Registry, bounds, VJP of six samples, power of five, and cases twice.
  expect(passed).toBeGreaterThan(30);
}, 120_000);
