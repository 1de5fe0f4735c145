import type { Observable } from './observable.ts';

/** Something that computes for a while, as a run or a training does. */
export type Computing = Pick<Observable<{ readonly phase: string }>, 'value' | 'subscribe'>;

const PHASES: readonly string[] = ['starting', 'running', 'pausing', 'stopping'];

/** Whether one of them does now, so that nothing else should start. */
export const isComputing = (all: readonly Computing[]): boolean =>
  all.some(({ value }) => PHASES.includes(value.phase));
