import { describe, expect, test } from 'vitest';
import { RUN, result } from './fixtures/reports.ts';
import { isStandard, type Settings, settingsOf, settingsWords, shortList } from './settings.ts';

const STANDARD: Settings = {
  tier: 'quick',
  filters: [],
  shard: '1/1',
  seed: 42,
  timeoutMs: undefined,
  options: [],
  complete: true,
  retried: 0,
  hidden: 0,
};

describe('the settings of a run', () => {
  test('are those of its report, with the cases that were tried again or hidden', () => {
    const one = (attempts: number, code?: string) => ({
      ...result({ id: 'a:b', status: 'pass', assertions: 1 }),
      attempts,
      ...(code ? { finding: { code, message: 'tab-hidden' } } : {}),
    });
    const results = [one(1), one(2), one(3, 'tab-hidden'), one(1, 'flaky'), one(1, 'tab-hidden')];
    const run = {
      ...RUN.run,
      tier: 'slow',
      filters: ['a*'],
      shard: '2/3',
      seed: 5,
      timeoutMs: 77,
      options: ['--samples 5'],
      complete: false,
    } as const;
    const { filters, options } = run;
    const given = { ...run, filters: [...filters], options: [...options] };
    expect(settingsOf({ ...RUN, run: given, results })).toEqual({
      tier: 'slow',
      filters: ['a*'],
      shard: '2/3',
      seed: 5,
      timeoutMs: 77,
      options: ['--samples 5'],
      complete: false,
      retried: 2,
      hidden: 2,
    });
  });

  test('of the whole quick tier are the standard', () => {
    expect([settingsWords(STANDARD), isStandard(STANDARD)]).toEqual([[], true]);
    expect(isStandard({ ...STANDARD, hidden: 1 })).toBe(false);
    expect(isStandard({ ...STANDARD, hidden: 1, retried: 1 })).toBe(false);
  });

  test('are told where they differ, what matters most first', () => {
    const others: Settings = {
      tier: 'full',
      filters: ['ops.*', '!*x'],
      shard: '1/2',
      seed: 7,
      timeoutMs: 1500,
      options: ['--warm-up 0', '--samples 5'],
      complete: false,
      retried: 1,
      hidden: 2,
    };
    expect(settingsWords(others)).toEqual([
      'the run was not finished',
      'tier full instead of quick',
      'only the cases ops.* !*x',
      'only part 1/2 of the cases',
      'seed 7 instead of 42',
      '1500 ms for each case instead of its own time limit',
      'timed with --warm-up 0 --samples 5',
      '1 case needed more than one attempt',
      '2 cases ran in a hidden tab, which browsers slow down',
    ]);
    expect(settingsWords({ ...STANDARD, filters: ['a'], hidden: 1, retried: 3 })).toEqual([
      'only the cases a',
      '3 cases needed more than one attempt',
      '1 case ran in a hidden tab, which browsers slow down',
    ]);
    const many = Array.from({ length: 10 }, (_, i) => `c${i}`);
    expect(settingsWords({ ...STANDARD, filters: many })).toEqual([
      'only the cases c0 c1 c2 c3 c4 c5 c6 … and 3 more',
    ]);
  });
});

test('a list is whole where it fits, and else its first items and how many more', () => {
  expect(shortList(['a', 'b', 'c'], 3)).toEqual(['a', 'b', 'c']);
  expect(shortList(['a', 'b', 'c', 'd'], 3)).toEqual(['a', 'b', '… and 2 more']);
  expect(shortList(['a', 'b', 'c', 'd'], 2, (rest) => `+${rest}`)).toEqual(['a', '+3']);
});
