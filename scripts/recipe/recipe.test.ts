import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Does what CONTRIBUTING says under "Add an op", in a copy of the tree. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { bridgeProgram, ensureBridge } = (await import(
  new URL('../bridge/environment.mjs', import.meta.url).href
)) as {
  readonly bridgeProgram: (root: string, name: string) => string;
  readonly ensureBridge: (root: string, kind: 'minimal' | 'full') => Promise<void>;
};
const COPY = mkdtempSync(join(tmpdir(), 'gradproof-recipe-'));

/**
 * The files of the recipe: a path in backticks after a bold title, and the code block that follows.
 */
const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const recipe = page.slice(page.indexOf('## Add an op'), page.indexOf('## Add a suite'));
const files = [
  ...recipe.matchAll(/^\*\*\d\. [^*]+\*\*, `([^`]+)`[\s\S]*?\n```\w+\n([\s\S]*?)```/gm),
].map(([, path, text]) => ({
  path: String(path),
  text: String(text),
}));

beforeAll(async () => {
  await ensureBridge(ROOT, 'minimal');
  for (const part of [
    'bridge/pyproject.toml',
    'bridge/src',
    'bridge/tests',
    'src',
    'shaders',
    'suites',
    'docs',
    'public',
    'scripts',
    'package.json',
    'tsconfig.json',
    'biome.json',
    'vite.config.ts',
    'vitest.config.ts',
  ]) {
    cpSync(join(ROOT, part), join(COPY, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(COPY, 'node_modules'));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(COPY, path)), { recursive: true });
    writeFileSync(join(COPY, path), text);
  }
  cpSync(join(COPY, 'scripts/recipe/cases.ts'), join(COPY, 'scripts/recipe/cases.test.ts'));
});

afterAll(() => rmSync(COPY, { recursive: true, force: true }));

const VOCABULARY = 'bridge/src/gradproof_bridge/bundle/vocabulary.json';

const run = (tool: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
    cwd: COPY,
    encoding: 'utf8',
    stdio: 'pipe',
  });

test('an op with parity takes four files, one more for a second kernel, and at most four of Python', () => {
  const ofPython = files.filter(({ path }) => path.endsWith('.py'));
  const kernels = files.filter(({ path }) => path.endsWith('.wgsl'));
  expect(kernels.length).toBeGreaterThan(0);
  expect(ofPython.length).toBeGreaterThan(0);
  expect(ofPython.length).toBeLessThanOrEqual(4);
  expect(files.length - ofPython.length - (kernels.length - 1)).toBeLessThanOrEqual(4);
  for (const { path } of files) expect(existsSync(join(ROOT, path)), path).toBe(false);
});

test('the generated vocabulary is stale until its command is run', () => {
  const command = ['run', 'src/formats/parity-bundle/vocabulary.test.ts'];
  expect(() => run('vitest/vitest.mjs', ...command)).toThrow(/softplus/);
  run('vitest/vitest.mjs', ...command, '-u');
  expect(readFileSync(join(COPY, VOCABULARY), 'utf8')).toContain('"softplus"');
});

test('the bridge finds formula, op and cases; the formula accepts what it gives', () => {
  const python = (...args: string[]) =>
    execFileSync(bridgeProgram(ROOT, 'python'), args, {
      cwd: join(COPY, 'bridge'),
      encoding: 'utf8',
      // The copy comes before the package that is installed.
      env: { ...process.env, PYTHONPATH: join(COPY, 'bridge/src'), PYTHONDONTWRITEBYTECODE: '1' },
    });
  const found = [
    'from gradproof_bridge.backends.torch_backend import TorchBackend',
    'from gradproof_bridge.cases.registry import cases',
    "print('softplus' in TorchBackend().ops(), sum(case.op == 'softplus' for case in cases()))",
  ];
  expect(python('-c', found.join('\n'))).toBe('True 2\n');
  expect(python('-m', 'pytest', 'tests/test_formulas.py', '-k', 'softplus')).toMatch(/^\.{2,} /m);
  const written = files.map(({ path }) => path).filter((path) => path.endsWith('.py'));
  const sources = written.map((path) => join(COPY, path));
  python('-m', 'ruff', 'check', ...sources);
  python('-m', 'ruff', 'format', '--check', ...sources);
});

test('they are typed and formatted like the others', () => {
  const sources = files.map(({ path }) => path).filter((path) => path.endsWith('.ts'));
  run('typescript/bin/tsc');
  run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', ...sources);
});

/** Of vitest's report. */
interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

test('registry, VJP, bounds and power hold, cases pass on a GPU and turn red with their faults', () => {
  const tests = ['scripts/recipe/cases.test.ts', 'src/testing', 'src/reference/vjp.test.ts'];
  const file = join(COPY, 'results.json');
  const tool = join(ROOT, 'node_modules/vitest/vitest.mjs');
  spawnSync(
    process.execPath,
    [tool, 'run', '--reporter=json', `--outputFile=${file}`, '-t', 'softplus', ...tests],
    { cwd: COPY },
  );
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const failed = results.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  expect(failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages}`)).toEqual(
    [],
  );
  // Registry, bounds, VJP of six samples, power of five, and cases twice.
  expect(results.numPassedTests).toBeGreaterThan(30);
}, 120_000);
