import { groupBy } from '../../../report/group.ts';
import type { MutantRun } from './mutant-run.ts';
import type { TestFileRun } from './unit-tests.ts';

/** A file of tests and the mutants that it is to meet. */
export interface Meeting {
  readonly run: TestFileRun;
  readonly mutantRuns: readonly MutantRun[];
}

/** What each file is to meet, most first; `filesOf` names the files of a mutant. */
export function meetingsOf(
  mutantRuns: readonly MutantRun[],
  filesOf: (mutantRun: MutantRun) => readonly TestFileRun[],
): readonly Meeting[] {
  const pairs = mutantRuns.flatMap((mutantRun) =>
    filesOf(mutantRun).map((run) => ({ mutantRun, run })),
  );
  return [...groupBy(pairs, ({ run }) => run.file).values()]
    .flatMap((all) =>
      all[0] ? [{ run: all[0].run, mutantRuns: all.map(({ mutantRun }) => mutantRun) }] : [],
    )
    .sort((a, b) => b.mutantRuns.length - a.mutantRuns.length);
}
