import type { PlanEntry } from '../../harness/events.ts';
import { TIERS, type Tier } from '../../report/tiers.ts';
import type { CaseState } from './case-state.ts';
import { STATUS_WORDS } from './query.ts';
import { type Branch, suiteTree } from './suite-tree.ts';

/** A word that a query could go on with. */
export type Suggestion =
  | { readonly kind: 'status'; readonly word: string; readonly of: 'wrong' | CaseState }
  | { readonly kind: 'tier'; readonly word: string; readonly of: Tier }
  /** All of a suite, or of a part of suites, with how many cases that is. */
  | { readonly kind: 'suite'; readonly word: string; readonly count: number };

/** More are no help. */
const MOST = 8;

/** The word of a text that the caret stands in or behind. */
export function wordAt(
  text: string,
  caret: number,
): { readonly start: number; readonly end: number; readonly word: string } {
  const start = text.lastIndexOf(' ', caret - 1) + 1;
  const next = text.indexOf(' ', caret);
  const end = next < 0 ? text.length : next;
  return { start, end, word: text.slice(start, end) };
}

/**
 * What the word could become: the words of status and tier, and the patterns of suites. An empty
 * word shows what there is to ask for.
 */
export function suggest(word: string, entries: readonly PlanEntry[]): readonly Suggestion[] {
  const not = word.startsWith('!') ? '!' : '';
  const begun = word.slice(not.length).toLowerCase();
  const asked: readonly Suggestion[] = [
    ...STATUS_WORDS.map((of) => ({ kind: 'status' as const, word: `status:${of}`, of })),
    ...TIERS.map((of) => ({ kind: 'tier' as const, word: `tier:${of}`, of })),
  ];
  const starting = asked.filter(
    (one) =>
      one.word.startsWith(begun) || (begun.length > 1 && one.word.split(':')[1]?.startsWith(begun)),
  );
  const suites = begun === '' ? [] : suggestSuites(begun.replaceAll('*', ''), entries);
  // All tests of one status are too many to begin with: the most wanted stand for them.
  const shown = begun === '' ? asked.filter(({ word: one }) => BEGIN.includes(one)) : starting;
  return [...suites.slice(0, MOST - Math.min(3, shown.length)), ...shown]
    .filter((one) => one.word !== begun)
    .slice(0, MOST)
    .map((one) => ({ ...one, word: not + one.word }));
}

const BEGIN: readonly string[] = [
  'status:wrong',
  'status:pass',
  'status:skip',
  'tier:full',
  'tier:slow',
];

/**
 * Patterns of the parts of suites whose name holds what was begun; where it begins a part's name
 * first, then the larger.
 */
function suggestSuites(begun: string, entries: readonly PlanEntry[]): readonly Suggestion[] {
  const all: { readonly word: string; readonly count: number; readonly rank: number }[] = [];
  const visit = (branch: Branch) => {
    const at = branch.path.indexOf(begun);
    const [pattern] = branch.patterns;
    if (pattern && at >= 0)
      all.push({
        word: pattern,
        count: branch.size,
        rank: at === 0 ? 0 : branch.path[at - 1] === '.' ? 1 : 2,
      });
    for (const child of branch.branches) visit(child);
  };
  for (const branch of suiteTree(entries.filter(({ backend }) => backend === 'webgpu')))
    visit(branch);
  return all
    .sort((a, b) => a.rank - b.rank || b.count - a.count)
    .map(({ word, count }) => ({ kind: 'suite', word, count }));
}
