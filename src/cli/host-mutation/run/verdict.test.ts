import { describe, expect, test } from 'vitest';
import { RUN, result } from '../../../report/fixtures/reports.ts';
import type { CaseResult, Report } from '../../../report/schema.ts';
import { excessesOf, exitOfHostReport, hostCounts } from './verdict.ts';

let n = 0;
const mutant = (rest: Pick<CaseResult, 'status'> & Partial<CaseResult>): CaseResult =>
  result({ id: `mutate.host.src.train.learner:constant;line=${++n};n=1`, assertions: 1, ...rest });
const many = (count: number, make: () => CaseResult) => Array.from({ length: count }, make);
const killed = (count: number, code = 'killed') =>
  many(count, () => mutant({ status: 'pass', finding: { code, message: 'red' } }));
const survived = (count: number) =>
  many(count, () => mutant({ status: 'fail', error: { code: 'survived', message: 'alive' } }));
const skipped = (count: number, code: string) =>
  many(count, () => mutant({ status: 'skip', skip: { code, detail: 'as equivalent' } }));
const report = (...results: readonly (readonly CaseResult[])[]): Report => ({
  ...RUN,
  results: results.flat(),
});

test('results are counted by what they say', () => {
  const { results } = report(
    killed(4),
    killed(2, 'killed-by-exception'),
    killed(3, 'killed-by-timeout'),
    survived(5),
    skipped(6, 'equivalent'),
    skipped(7, 'invalid'),
  );
  expect(hostCounts(results)).toEqual({ killed: 9, survived: 5, equivalent: 6, byAccident: 5 });
});

describe('too many', () => {
  const none = { killed: 0, survived: 0, equivalent: 0, byAccident: 0 };

  test('are equivalent beyond 5 % of the valid ones', () => {
    expect(excessesOf({ ...none, killed: 30, survived: 8, equivalent: 2 })).toEqual([]);
    expect(excessesOf({ ...none, killed: 30, survived: 7, equivalent: 2 })).toEqual([
      '2 of 39 valid mutants are argued to be equivalent, and at most 5 % may be: write tests that tell them apart, or take out the code.',
    ]);
  });

  test('ended by accident beyond a third of the killed', () => {
    expect(excessesOf({ ...none, killed: 6, survived: 9, byAccident: 2 })).toEqual([]);
    expect(excessesOf({ ...none, killed: 5, survived: 9, byAccident: 2 })).toEqual([
      '2 of 5 killed mutants ended in an exception or a time limit, and at most a third may: write assertions that they break.',
    ]);
  });

  test('are not one alone, and both may be', () => {
    expect(excessesOf({ ...none, killed: 1, equivalent: 1, byAccident: 1 })).toEqual([]);
    expect(excessesOf({ ...none, killed: 2, equivalent: 2, byAccident: 2 })).toHaveLength(2);
  });
});

describe('a draw fails', () => {
  test.each([
    ['with too many that are equivalent', report(killed(37), skipped(2, 'equivalent')), 1],
    ['with too many killed by accident', report(killed(3), killed(2, 'killed-by-timeout')), 1],
    ['with a survivor', report(killed(38), survived(1), skipped(2, 'equivalent')), 1],
    ['and not with as many as may be', report(killed(38), skipped(2, 'equivalent')), 0],
    ['and not with a third by exceptions', report(killed(4), killed(2, 'killed-by-exception')), 0],
  ])('%s', (_, draw, status) => {
    expect(exitOfHostReport(draw, false)).toBe(status);
  });

  test('as interrupted, whatever it has come to', () => {
    const draw = report(killed(2), skipped(2, 'equivalent'));
    expect(exitOfHostReport(draw, true)).toBe(130);
    expect(exitOfHostReport(draw, false)).toBe(1);
  });
});
