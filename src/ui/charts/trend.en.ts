import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, number } = units;

/** How a check went over the runs of this device. */
export const trendWords = words('trend', {
  trend: 'On this adapter and browser',
  trendOf: {
    medianMs: 'Time of each run',
    boundUsed: 'Share of the bound in each run',
    status: 'Verdict of each run',
  },
  trendRuns: (runs: number, right: number) =>
    `${count(runs, { one: 'run', other: 'runs' })}, ${right === runs ? 'right in each' : `right in ${number(right)}`}`,
  trendRange: (low: string, high: string, last: string) =>
    `between ${low} and ${high}, ${last} the last time`,
  trendColumns: { when: 'When', version: 'Gradproof', verdict: 'Verdict', value: 'Value' },
  trendWrong: 'did not pass',
});
