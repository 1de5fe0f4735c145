import { groupBy } from '../../../report/group.ts';
import type { Trial } from './trial.ts';
import type { TestFileRun } from './unit-tests.ts';

/** A file of tests and the mutants that it is to meet. */
export interface Meeting {
  readonly run: TestFileRun;
  readonly trials: readonly Trial[];
}

/** What each file is to meet, most first; `filesOf` names the files of a mutant. */
export function meetingsOf(
  trials: readonly Trial[],
  filesOf: (trial: Trial) => readonly TestFileRun[],
): readonly Meeting[] {
  const pairs = trials.flatMap((trial) => filesOf(trial).map((run) => ({ trial, run })));
  return [...groupBy(pairs, ({ run }) => run.file).values()]
    .flatMap((all) => (all[0] ? [{ run: all[0].run, trials: all.map(({ trial }) => trial) }] : []))
    .sort((a, b) => b.trials.length - a.trials.length);
}
