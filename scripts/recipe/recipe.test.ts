import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Does what CONTRIBUTING says under "Add an op", in a copy of the tree. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPY = mkdtempSync(join(tmpdir(), 'gradproof-recipe-'));

/** The files of the recipe: a path in backticks after a bold title, and the code block that follows. */
const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const recipe = page.slice(page.indexOf('## Add an op'), page.indexOf('## Add a suite'));
const files = [...recipe.matchAll(/^\*\*\d\. [^*]+\*\*, `([^`]+)`[\s\S]*?\n```\w+\n([\s\S]*?)```/gm)].map(([, path, text]) => ({
  path: String(path),
  text: String(text),
}));

beforeAll(() => {
  for (const part of [
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

const run = (tool: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], { cwd: COPY, encoding: 'utf8', stdio: 'pipe' });

test('three new files of under 120 lines together are an op', () => {
  expect(files.map(({ path }) => path)).toEqual([
    'shaders/math/leaky_relu.wgsl',
    'src/ops/math/leaky_relu.ts',
    'src/reference/math/leaky_relu.ts',
  ]);
  for (const { path } of files) expect(existsSync(join(ROOT, path)), path).toBe(false);
  expect(files.reduce((lines, { text }) => lines + text.split('\n').length - 1, 0)).toBeLessThan(120);
});

test('they are typed and formatted as the others are', () => {
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
  spawnSync(process.execPath, [tool, 'run', '--reporter=json', `--outputFile=${file}`, '-t', 'leaky_relu', ...tests], { cwd: COPY });
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const failed = results.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed'));
  expect(failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages}`)).toEqual([]);
  // Registry, bounds, VJP of six samples, power of five, and cases twice.
  expect(results.numPassedTests).toBeGreaterThan(30);
}, 120_000);
