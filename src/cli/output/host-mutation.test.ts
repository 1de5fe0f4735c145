import { expect, test } from 'vitest';
import { RUN, result } from '../../report/fixtures/reports.ts';
import type { CaseResult } from '../../report/schema.ts';
import { heard } from './fixtures/heard.ts';
import { showHostKillRate } from './host-mutation.ts';

const ID = 'mutate.host.src.train.learner';
const killed = (n: number, code: string): CaseResult =>
  result({
    id: `${ID}:constant;line=${n};n=1`,
    status: 'pass',
    assertions: 1,
    finding: { code, message: 'a test turned red' },
  });
const survived = result({
  id: 'mutate.host.src.gpu.memory:logic;line=9;n=1',
  status: 'fail',
  assertions: 1,
  error: { code: 'survived', message: 'none turned red' },
});

/** What is said of these results of a draw. */
function said(results: readonly CaseResult[], drawn: number): string {
  const { lines, voice } = heard();
  const run = { ...RUN.run, complete: results.length === drawn };
  showHostKillRate(voice, { ...RUN, run, results: [...results] }, drawn);
  return lines.join('\n');
}

const kills = [killed(1, 'killed'), killed(2, 'killed'), killed(3, 'killed-by-exception')];

test('a whole draw is counted by folder, by operator and by how mutants were killed', () => {
  const text = said([...kills, survived], 4);
  expect(text).toMatch(/src\/train +3 of 3 mutants killed/);
  expect(text).toMatch(/logic +0 of 1 mutant killed/);
  expect(text).toContain('of 3 killed 2 by an assertion or a refusal, 1 by another exception, 0');
  expect(text).toContain('3 killed, 1 survived (0 of them not reached), 0 equivalent');
  expect(text).toContain('killRate 0.7500');
  expect(text).not.toContain('open');
  expect(text).not.toContain('at most');
});

test('what there is too much of is said last', () => {
  const argued = [1, 2].map((n) =>
    result({
      id: `${ID}:constant;line=3;n=${n}`,
      status: 'skip',
      assertions: 1,
      skip: { code: 'equivalent', detail: 'same-bits' },
    }),
  );
  const last = said([...kills, ...argued], 5)
    .split('\n')
    .at(-1);
  expect(last).toContain(
    '2 of 5 valid mutants are argued to be equivalent, and at most 5 % may be',
  );
});

test('what an interrupted draw left open counts as if it had survived', () => {
  const text = said(kills, 10);
  expect(text).toContain('Of 7 of 10 mutants nothing is known yet');
  expect(text).toContain('0 survived (0 of them not reached), 7 open,');
  expect(text).toContain('killRate 0.3000');
});

test('what lived at the deadline counts as if it had survived', () => {
  const lost = result({
    id: 'mutate.host.src.gpu.memory:logic;line=9;n=2',
    status: 'lost',
    assertions: 1,
    error: { code: 'run-deadline', message: 'alive' },
  });
  const text = said([...kills, lost], 4);
  expect(text).toContain('1 mutant lived at the deadline: they count as if they had survived.');
  expect(text).toContain('0 survived (0 of them not reached), 1 open,');
  expect(text).toContain('killRate 0.7500');
});
