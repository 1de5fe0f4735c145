import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { suite } from '../../testing/suite.ts';
import { keyOf } from '../case-key.ts';
import type { CaseResult } from '../report/schema.ts';
import { UnusableError } from '../runner/unusable.ts';
import { startNodeWorker } from '../worker/node-link.ts';
import type { Memory } from './memory.ts';
import { mutate } from './run.ts';
import { ShaderSources } from './sources.ts';

/** A mutation run over real child processes, of which each case does what its name says once the kernel is changed. */

const WORKER = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const ENVIRONMENT = JSON.stringify({
  ...{ runtime: 'node', runtimeVersion: '20', os: 'linux', cores: 2, features: [], limits: {}, tuning: {} },
  adapter: { vendor: 'none', architecture: '', device: '', description: '', isFallback: true },
  probe: { rounding: 'nearest' },
});
const BODY = 'fn main() { var x = 1u; x += 2u; }';
const KERNELS = { 'one/kernel.wgsl': BODY, 'two/kernel.wgsl': BODY, 'half/kernel.wgsl': `enable f16;\n${BODY}` };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutation-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

class Remembered implements Memory {
  readonly known = new Map<string, unknown>();
  get(key: string): unknown {
    return this.known.get(key);
  }
  set(key: string, value: unknown): void {
    this.known.set(key, value);
  }
}

/** Judges one mutant by cases of these names. */
async function judge(
  names: readonly string[],
  { dispatched = new Remembered(), filter = 'mutate.one.kernel:arithmetic;*', stillborn = 0 } = {},
) {
  const declared = suite('fixture', { description: 'scripted' });
  for (const name of names) {
    declared
      .case(name)
      .control('scripted', () => {})
      .run(() => Promise.resolve());
  }
  const LOG = join(folder, 'log');
  const verdicts = new Remembered();
  const host = {
    sources: new ShaderSources(KERNELS),
    cases: new Map(declared.cases.map((one) => [keyOf(one), one])),
    startWorker: () => {
      const script = stillborn-- > 0 ? join(folder, 'nothing.mjs') : WORKER;
      return startNodeWorker(script, { ENVIRONMENT, LOG, PATH: process.env['PATH'] }, 'ignore');
    },
    remember: () => ({ verdicts, dispatched }),
    signal: new AbortController().signal,
  };
  const { results } = await mutate(host, { filters: [filter] }, () => {});
  const heard = readFileSync(LOG, 'utf8').trim().split('\n');
  return { result: results[0] as CaseResult, heard, remembered: [...verdicts.known.keys()].filter((key) => key !== 'baseline').length };
}

test('a failed assertion kills at once', async () => {
  const { result, heard } = await judge(['fail']);
  expect(result).toMatchObject({
    status: 'pass',
    finding: { code: 'killed', message: expect.stringMatching(/fail turned red \(not-equal\)/) },
  });
  expect(heard).toEqual(['fail as-it-is', 'fail changed']);
});

test('passes and skips do not kill', async () => {
  expect((await judge(['pass', 'skip'])).result).toMatchObject({ status: 'fail', error: { code: 'survived' } });
});

test.each(['throws', 'binding', 'dies', 'crashes'])(
  'a case that breaks kills when it breaks again, and passes without the change: %s',
  async (name) => {
    const { result, heard } = await judge([name]);
    expect(result).toMatchObject({ status: 'pass', finding: { code: 'killed' } });
    expect(heard).toEqual([`${name} as-it-is`, `${name} changed`, `${name} as-it-is`, `${name} changed`]);
  },
);

test('a case that broke once does not kill', async () => {
  expect((await judge(['dies-once'])).result).toMatchObject({ status: 'fail', error: { code: 'survived' } });
});

test('a worker that somebody ends does not kill, however often its cases are heard', async () => {
  const { result, heard } = await judge(['killed-twice']);
  expect(result).toMatchObject({ status: 'fail', error: { code: 'survived' } });
  expect(heard.filter((line) => line.endsWith('changed'))).toHaveLength(3);
});

test('where the worker is ended whenever it hears the cases nothing is said, and nothing is remembered', async () => {
  const { result, heard, remembered } = await judge(['always-killed']);
  expect(result).toMatchObject({ status: 'error', error: { code: 'undecided', message: expect.stringMatching(/SIGKILL 3 times/) } });
  expect([heard.filter((line) => line.endsWith('changed')).length, remembered]).toEqual([3, 0]);
});

test('a worker that dies while it starts, or before anything is changed, is replaced', async () => {
  const { result, heard } = await judge(['struck'], { stillborn: 2 });
  expect(result).toMatchObject({ status: 'pass', finding: { code: 'killed' } });
  expect(heard.slice(0, 3)).toEqual(['struck as-it-is', 'struck as-it-is', 'struck as-it-is']);
});

test('where the worker is ended whenever it runs the cases as they are, it is said to run again', async () => {
  const thrown = await judge(['felled']).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UnusableError);
  expect(thrown).toMatchObject({
    code: 'worker-died',
    message: expect.stringMatching(/before any change .* ended with SIGKILL: run it again$/),
  });
});

test('where cases break without the change too nothing is said, and nothing is remembered', async () => {
  const { result, remembered } = await judge(['sick-from-then-on']);
  expect(result).toMatchObject({ status: 'error', error: { code: 'undecided', message: expect.stringMatching(/out-of-memory/) } });
  expect(remembered).toBe(0);
});

test('a kernel that no pipeline can be made of is no mutant', async () => {
  expect((await judge(['pipeline'])).result).toMatchObject({ status: 'skip', skip: { code: 'invalid' } });
});

test('of a kernel that needs a feature which the adapter lacks nothing is said, and no case is asked', async () => {
  const { result, heard } = await judge(['fail'], { filter: 'mutate.half.kernel:arithmetic;*' });
  expect(result).toMatchObject({ status: 'skip', skip: { code: 'missing-feature', detail: expect.stringMatching(/needs shader-f16/) } });
  expect(heard).toEqual(['fail as-it-is']);
});

test('for one kernel only the cases run that dispatched it before, and those that are new', async () => {
  const dispatched = new Remembered();
  await judge(['pass', 'fail'], { dispatched });
  rmSync(join(folder, 'log'));
  const { result, heard } = await judge(['pass', 'fail', 'skip'], { dispatched, filter: 'mutate.two.kernel:arithmetic;*' });
  expect(heard.slice(0, 1)).toEqual(['skip as-it-is']);
  // Before a mutant is said to survive, the others are asked.
  expect(heard).toEqual(expect.arrayContaining(['pass as-it-is', 'fail as-it-is']));
  expect(result.error?.code).toBe('survived');
});
