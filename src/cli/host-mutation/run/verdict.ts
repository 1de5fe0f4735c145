import type { CaseResult, Report } from '../../../report/schema.ts';
import { EXIT, exitOfReport } from '../../exit.ts';
import { KILLED } from './outcome.ts';

/** Of the valid mutants at most this share may be argued to be equivalent. */
const MOST_EQUIVALENT = 0.05;
/** Of the killed at most this share may have ended in exceptions and time limits. */
const MOST_BY_ACCIDENT = 1 / 3;

/** What a draw came to. */
export interface HostCounts {
  readonly killed: number;
  readonly survived: number;
  readonly equivalent: number;
  /** Of the killed, those that ended in an exception or a time limit. */
  readonly byAccident: number;
}

/** Counts the results of a draw. */
export function hostCounts(results: readonly CaseResult[]): HostCounts {
  const having = (has: (result: CaseResult) => boolean) => results.filter(has).length;
  const accidents = [KILLED.exception, KILLED.timeout];
  return {
    killed: having(({ status }) => status === 'pass'),
    survived: having(({ status }) => status === 'fail'),
    equivalent: having(({ skip }) => skip?.code === 'equivalent'),
    byAccident: having(({ finding }) => accidents.includes(finding?.code ?? '')),
  };
}

/** What of a draw there is too much of, a sentence each. One alone is never too many. */
export function excessesOf({ killed, survived, equivalent, byAccident }: HostCounts): string[] {
  const valid = killed + survived + equivalent;
  const isTooMany = (count: number, most: number) => count > Math.max(1, most);
  return [
    ...(isTooMany(equivalent, MOST_EQUIVALENT * valid)
      ? [
          `${equivalent} of ${valid} valid mutants are argued to be equivalent, and at most 5 % may be: write tests that tell them apart, or take out the code.`,
        ]
      : []),
    ...(isTooMany(byAccident, MOST_BY_ACCIDENT * killed)
      ? [
          `${byAccident} of ${killed} killed mutants ended in an exception or a time limit, and at most a third may: write assertions that they break.`,
        ]
      : []),
  ];
}

/** The status that a report of a draw deserves: an excess fails it as a survivor does. */
export function exitOfHostReport(report: Report, interrupted: boolean): number {
  const status = exitOfReport(report, interrupted);
  const isExcessive = excessesOf(hostCounts(report.results)).length > 0;
  return status === EXIT.ok && isExcessive ? EXIT.failed : status;
}
