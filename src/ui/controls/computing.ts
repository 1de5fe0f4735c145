import type { Observable } from './observable.ts';

const PHASES: readonly string[] = ['starting', 'running', 'saving', 'pausing', 'stopping'];

/** Whether something in this phase computes, as a run, a training or a bench does. */
export const computes = ({ phase }: { readonly phase: string }): boolean => PHASES.includes(phase);

/** Something that computes for a while. */
export type Computing = Pick<Observable<{ readonly phase: string }>, 'value' | 'subscribe'>;

/** Whether one of them does now, so that nothing else should start. */
export const isComputing = (all: readonly Computing[]): boolean =>
  all.some(({ value }) => computes(value));
