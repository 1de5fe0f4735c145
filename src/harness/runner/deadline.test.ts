import { expect, test } from 'vitest';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import { atDeadline, deadlineInWords, deadlineOf } from './deadline.ts';

const options = (more: Partial<typeof DEFAULT_RUN_OPTIONS>) => ({
  ...DEFAULT_RUN_OPTIONS,
  controls: false,
  ...more,
});

test.each([
  ['quick', 600_000],
  ['full', 2_400_000],
  ['slow', 14_400_000],
] as const)('a run of tier %s ends after %d ms, with controls after twice as long', (tier, ms) => {
  expect(deadlineOf(options({ tier }))).toBe(ms);
  expect(deadlineOf(options({ tier, controls: true }))).toBe(2 * ms);
  expect(deadlineOf(options({ tier, controls: true, deadlineMs: 7 }))).toBe(7);
});

test.each([
  [59_999, '59.999 seconds'],
  [60_000, '1 minutes'],
  [90_000, '1.5 minutes'],
])('%d ms are said as people say them', (deadlineMs, words) => {
  expect(deadlineInWords(options({ deadlineMs }))).toBe(`the run's deadline of ${words}`);
});

test('what ran then took too long, and what waited was lost', () => {
  const late = options({ deadlineMs: 5_000 });
  expect(atDeadline(late, 'running')).toEqual([
    'timeout',
    'run-deadline',
    expect.stringMatching(/^it was running at the run's deadline of 5 seconds: run it alone, /),
  ]);
  expect(atDeadline(late, 'waiting')).toEqual([
    'lost',
    'run-deadline',
    expect.stringMatching(/^it was not run before the run's deadline of 5 seconds: give the run /),
  ]);
});
