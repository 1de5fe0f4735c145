import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyOf } from '../../report/case-key.ts';
import type { CaseResult } from '../../report/schema.ts';
import { suite } from '../../testing/suite.ts';
import { UnusableError } from '../runner/unusable.ts';
import { startNodeWorker } from '../worker/node-link.ts';
import { mutate } from './mutate.ts';
import type { ResultCache } from './result-cache.ts';
import { ShaderSources } from './sources.ts';

/**
 * A mutation run over real child processes, where each case does what its name says once the kernel
 * is changed.
 */

const WORKER = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const ENVIRONMENT = JSON.stringify({
  runtime: 'node',
  runtimeVersion: '20',
  os: 'linux',
  cores: 2,
  features: [],
  limits: {},
  tuning: {},
  adapter: { vendor: 'none', architecture: '', device: '', description: '', isFallback: true },
  probe: { rounding: 'nearest' },
});
const BODY = 'fn main() { var x = 1u; x += 2u; }';
const KERNELS = {
  'one/kernel.wgsl': BODY,
  'two/kernel.wgsl': BODY,
  'half/kernel.wgsl': `enable f16;\n${BODY}`,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutation-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

class MapCache implements ResultCache {
  readonly known = new Map<string, unknown>();
  get(key: string): unknown {
    return this.known.get(key);
  }
  set(key: string, value: unknown): void {
    this.known.set(key, value);
  }
}

/** Runs one mutant against cases of these names. */
async function runMutant(
  names: readonly string[],
  {
    outcomes = new MapCache(),
    dispatched = new MapCache(),
    filter = 'mutate.one.kernel:arithmetic;*',
    failedStarts = 0,
  } = {},
) {
  const declared = suite('fixture', { description: 'scripted' });
  for (const name of names) {
    declared
      .case(name)
      .control('scripted', () => {})
      .run(() => Promise.resolve());
  }
  const LOG = join(folder, 'log');
  const host = {
    sources: new ShaderSources(KERNELS),
    cases: new Map(declared.cases.map((one) => [keyOf(one), one])),
    startWorker: () => {
      const script = failedStarts-- > 0 ? join(folder, 'nothing.mjs') : WORKER;
      return startNodeWorker(script, { ENVIRONMENT, LOG, PATH: process.env['PATH'] }, 'ignore');
    },
    openCaches: () => ({ outcomes, dispatched }),
    signal: new AbortController().signal,
  };
  const { results } = await mutate(host, { filters: [filter] }, () => {});
  const ran = readFileSync(LOG, 'utf8').trim().split('\n');
  return {
    result: results[0] as CaseResult,
    ran,
    cached: [...outcomes.known.keys()].filter((key) => key !== 'baseline').length,
  };
}

test('a failed assertion kills at once', async () => {
  const { result, ran } = await runMutant(['fail']);
  expect(result).toMatchObject({
    status: 'pass',
    finding: { code: 'killed', message: expect.stringMatching(/fail turned red \(not-equal\)/) },
  });
  expect(ran).toEqual(['fail as-it-is', 'fail changed']);
});

test('an outcome that is cached needs no run of the changed kernel', async () => {
  const outcomes = new MapCache();
  const { result } = await runMutant(['fail'], { outcomes });
  const again = await runMutant(['fail'], { outcomes });
  expect(again.result.finding).toEqual(result.finding);
  expect(again.ran).toEqual(['fail as-it-is', 'fail changed']);
});

test('passes and skips do not kill', async () => {
  expect((await runMutant(['pass', 'skip'])).result).toMatchObject({
    status: 'fail',
    error: { code: 'survived' },
  });
});

test.each(['throws', 'binding', 'dies', 'crashes'])(
  'a case that breaks kills when it breaks again, and passes without the change: %s',
  async (name) => {
    const { result, ran } = await runMutant([name]);
    expect(result).toMatchObject({ status: 'pass', finding: { code: 'killed' } });
    expect(ran).toEqual([
      `${name} as-it-is`,
      `${name} changed`,
      `${name} as-it-is`,
      `${name} changed`,
    ]);
  },
);

test('a case that broke once does not kill', async () => {
  expect((await runMutant(['dies-once'])).result).toMatchObject({
    status: 'fail',
    error: { code: 'survived' },
  });
});

test('a worker that is ended from outside does not kill, however often its cases run', async () => {
  const { result, ran } = await runMutant(['killed-twice']);
  expect(result).toMatchObject({ status: 'fail', error: { code: 'survived' } });
  expect(ran.filter((line) => line.endsWith('changed'))).toHaveLength(3);
});

test('a mutant is undecided, and nothing is cached, when the worker is ended each time it runs the cases', async () => {
  const { result, ran, cached } = await runMutant(['always-killed']);
  expect(result).toMatchObject({
    status: 'error',
    error: { code: 'undecided', message: expect.stringMatching(/SIGKILL 3 times/) },
  });
  expect([ran.filter((line) => line.endsWith('changed')).length, cached]).toEqual([3, 0]);
});

test('a worker that dies while it starts, or before anything is changed, is replaced', async () => {
  const { result, ran } = await runMutant(['ended-twice-at-baseline'], { failedStarts: 2 });
  expect(result).toMatchObject({ status: 'pass', finding: { code: 'killed' } });
  expect(ran.slice(0, 3)).toEqual([
    'ended-twice-at-baseline as-it-is',
    'ended-twice-at-baseline as-it-is',
    'ended-twice-at-baseline as-it-is',
  ]);
});

test('the message says to run again when the worker is ended each time it runs the unchanged cases', async () => {
  const thrown = await runMutant(['ended-at-baseline']).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UnusableError);
  expect(thrown).toMatchObject({
    code: 'worker-died',
    message: expect.stringMatching(/before any change .* ended with SIGKILL: run it again$/),
  });
});

test('a mutant is undecided, and nothing is cached, when cases break without the change too', async () => {
  const { result, cached } = await runMutant(['errors-from-then-on']);
  expect(result).toMatchObject({
    status: 'error',
    error: { code: 'undecided', message: expect.stringMatching(/out-of-memory/) },
  });
  expect(cached).toBe(0);
});

test('a kernel that no pipeline can be made of is no mutant', async () => {
  expect((await runMutant(['pipeline'])).result).toMatchObject({
    status: 'skip',
    skip: { code: 'invalid' },
  });
});

test('a mutant is skipped, and no case runs, when its kernel needs a feature that the adapter lacks', async () => {
  const { result, ran } = await runMutant(['fail'], { filter: 'mutate.half.kernel:arithmetic;*' });
  expect(result).toMatchObject({
    status: 'skip',
    skip: { code: 'missing-feature', detail: expect.stringMatching(/needs shader-f16/) },
  });
  expect(ran).toEqual(['fail as-it-is']);
});

test('for one kernel only the cases run that dispatched it before, and those that are new', async () => {
  const dispatched = new MapCache();
  await runMutant(['pass', 'fail'], { dispatched });
  rmSync(join(folder, 'log'));
  const { result, ran } = await runMutant(['pass', 'fail', 'skip'], {
    dispatched,
    filter: 'mutate.two.kernel:arithmetic;*',
  });
  expect(ran.slice(0, 1)).toEqual(['skip as-it-is']);
  // The others run before a mutant counts as a survivor.
  expect(ran).toEqual(expect.arrayContaining(['pass as-it-is', 'fail as-it-is']));
  expect(result.error?.code).toBe('survived');
});

test('a few cases that dispatched a kernel before run first, and the others for what they leave', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `pass-${i}`);
  const dispatched = new MapCache();
  await runMutant([...names, 'fail'], { dispatched });
  rmSync(join(folder, 'log'));
  const { ran } = await runMutant(['fail', ...names], { dispatched });
  expect(ran.filter((line) => line.endsWith('as-it-is'))).toHaveLength(16);
  expect(ran).toContain('fail changed');
  rmSync(join(folder, 'log'));
  const late = await runMutant([...names, 'fail'], { dispatched });
  expect(late.ran.filter((line) => line.endsWith('as-it-is'))).toHaveLength(41);
  expect(late.result.finding?.code).toBe('killed');
});
