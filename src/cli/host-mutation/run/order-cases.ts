import { groupBy } from '../../../report/group.ts';
import type { Case } from '../../../testing/suite.ts';
import type { MutantRun } from './mutant-run.ts';

/** Words of a path that name no part of the program. */
const COMMON = new Set(['src', 'index', 'registry', 'ops', 'reference', 'testing']);
/** Of each mutant so many cases come first whose suite shares a word with its file. */
const RELATED = 6;

/**
 * The quick cases in an order in which the mutants are soon met: first of each a few whose suite is
 * named like its file, then of every suite one, of every suite the second, and so on.
 */
export function orderedFor(
  mutantRuns: readonly MutantRun[],
  cases: readonly Case[],
): readonly Case[] {
  const quick = cases.filter(({ tier }) => tier === 'quick');
  const related = mutantRuns.flatMap(({ mutant }) => {
    const words = new Set(wordsOf(mutant.file).filter((word) => !COMMON.has(word)));
    const sharedBy = ({ suite }: Case) => wordsOf(suite).filter((word) => words.has(word)).length;
    return quick
      .map((declared) => ({ declared, shared: sharedBy(declared) }))
      .filter(({ shared }) => shared > 0)
      .sort((a, b) => b.shared - a.shared)
      .slice(0, RELATED)
      .map(({ declared }) => declared);
  });
  const suites = [...groupBy(quick, ({ suite }) => suite).values()];
  const longest = Math.max(0, ...suites.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, i) =>
    suites.flatMap((suite) => suite[i] ?? []),
  );
  return [...new Set([...related, ...turns.flat()])];
}

function wordsOf(path: string): readonly string[] {
  return path.replace(/\.ts$/, '').split(/[^a-z0-9]+/);
}
