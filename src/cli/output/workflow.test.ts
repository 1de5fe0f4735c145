import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { causesOf } from '../../report/causes.ts';
import { result } from '../../report/fixtures/reports.ts';
import { addToStepSummary, annotations } from './workflow.ts';

afterEach(() => vi.unstubAllEnvs());

const failed = (id: string, kernel: string, message = 'too far') =>
  result({
    id,
    status: 'fail',
    assertions: 1,
    kernels: [kernel],
    error: { code: 'out-of-bound', message },
  });

test('a failure is shown beside the job, with its case as the title', () => {
  expect(annotations(causesOf([failed('a.b:c;x=1,2', 'nn/silu', '100 % off')]))).toEqual([
    '::error title=a.b%3Ac;x=1%2C2::out-of-bound: 100 %25 off',
  ]);
});

test('at most ten are shown, of every cause first one, and the last counts the others', () => {
  const many = Array.from({ length: 20 }, (_, i) => failed(`a:${i}`, 'nn/silu'));
  const other = failed('b:other', 'nn/gelu');
  const lines = annotations(causesOf([...many, other]));
  expect(lines).toHaveLength(10);
  expect(lines.findIndex((line) => line.includes('b%3Aother'))).toBe(1);
  expect(lines.at(-1)).toContain('title=12 more::');
  expect(annotations(causesOf(many.slice(0, 10)))).toHaveLength(10);
  expect(annotations(causesOf(many.slice(0, 10))).at(-1)).toContain('title=a%3A9::');
});

test('a hostile text is one command, whatever it holds', () => {
  const pieces = ['::', '\n', '\r', '%0A', 'error', ' title=', ',', '##[', '\u2028', 'x'];
  const hostile = fc.string({ unit: fc.constantFrom(...pieces), minLength: 1 });
  fc.assert(
    fc.property(hostile, (text) => {
      const [line = '', ...more] = annotations(causesOf([failed(`a:${text}`, 'k', text)]));
      expect(more).toEqual([]);
      expect(line).toMatch(/^::error title=[^:,\n\r]*::[^\n\r\u2028]*$/);
    }),
  );
});

test('the summary of a step is added to, in a workflow alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  const file = join(folder, 'summary.md');
  vi.stubEnv('GITHUB_STEP_SUMMARY', file);
  vi.stubEnv('GITHUB_ACTIONS', '');
  addToStepSummary('nothing');
  vi.stubEnv('GITHUB_ACTIONS', 'true');
  addToStepSummary('first');
  addToStepSummary('second');
  expect(readFileSync(file, 'utf8')).toBe('first\nsecond\n');
  vi.stubEnv('GITHUB_STEP_SUMMARY', join(folder, 'no', 'such', 'file'));
  expect(() => addToStepSummary('x')).toThrow(/GITHUB_STEP_SUMMARY .*cannot be written/);
  rmSync(folder, { recursive: true });
});
