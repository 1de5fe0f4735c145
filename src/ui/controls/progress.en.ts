import { type Forms, speech } from '../messages/speech.ts';
import { words } from '../messages/words.ts';
import type { SpokenSpan } from '../run/pace.ts';

const en = speech('en');
const checks = (count: number) => en.count(count, { one: 'check', other: 'checks' });

const spans: Readonly<Record<SpokenSpan['unit'], Forms>> = {
  second: { one: 'second', other: 'seconds' },
  minute: { one: 'minute', other: 'minutes' },
  hour: { one: 'hour', other: 'hours' },
};

/** How far something is. */
export const progressWords = words('progress', {
  starting: 'Starting: the first programs are being compiled',
  checks: (done: number, total: number) => `${en.number(done)} of ${checks(total)}`,
  recordings: (done: number, total: number) =>
    `${en.number(done)} of ${en.count(total, { one: 'recording', other: 'recordings' })}`,
  weights: (done: number, total: number) =>
    `${en.number(done)} of ${en.count(total, { one: 'weight', other: 'weights' })}`,
  steps: (done: number, total: number) =>
    `${en.number(done)} of ${en.count(total, { one: 'step', other: 'steps' })}`,
  works: (done: number, total: number) =>
    `${en.number(done)} of ${en.count(total, { one: 'work', other: 'works' })}`,
  measurements: (done: number, total: number) =>
    `${en.number(done)} of ${en.count(total, { one: 'measurement', other: 'measurements' })}`,
  left: ({ low, high, unit }: SpokenSpan) =>
    `${low === high ? 'about ' : `${en.number(low)} to `}${en.count(high, spans[unit])} left`,
});
