import type { PlanEntry } from '../../harness/events.ts';
import { matchesGlob } from '../../harness/filter.ts';
import { TIERS, type Tier } from '../../report/tiers.ts';
import { CASE_STATES, type CaseState, isWrong } from './case-state.ts';

/** A word of a query. `not`: it began with `!`. */
export interface Term {
  readonly kind: 'glob' | 'word' | 'status' | 'tier';
  readonly text: string;
  readonly not: boolean;
}

/** What follows `status:`. */
export const STATUS_WORDS = ['wrong', ...CASE_STATES] as const;

/** How a case stands while its query is asked. */
export type CaseStateOf = (entry: PlanEntry) => CaseState;

/**
 * Reads a query: patterns of whole ids (`ops.nn.*`, or an id); one of them must match; words that
 * all must occur in id or description; `status:fail`, `tier:full`; and each of them after `!` for
 * what must not be.
 */
export function parseQuery(text: string): readonly Term[] {
  return text.split(/\s+/).flatMap((word): readonly Term[] => {
    const not = word.startsWith('!');
    const rest = not ? word.slice(1) : word;
    const [, kind, value] = /^(status|tier):(.*)$/.exec(rest) ?? [];
    if (kind === 'status' || kind === 'tier') return value ? [{ kind, text: value, not }] : [];
    return /^[^!]/.test(rest)
      ? [{ kind: /[*:]/.test(rest) ? 'glob' : 'word', text: rest, not }]
      : [];
  });
}

/** The patterns of a query, which the command line takes as they are, and its other words. */
export function splitQuery(text: string): {
  readonly filters: readonly string[];
  readonly words: string;
} {
  const terms = parseQuery(text);
  const written = ({ kind, text: value, not }: Term) =>
    `${not ? '!' : ''}${kind === 'status' || kind === 'tier' ? `${kind}:` : ''}${value}`;
  const of = (wanted: boolean) =>
    terms.filter(({ kind }) => (kind === 'glob') === wanted).map(written);
  return { filters: of(true), words: of(false).join(' ') };
}

/** The tiers that a query names; none when it leaves them to the choice of how much. */
export function tiersOf(terms: readonly Term[]): readonly Tier[] {
  return TIERS.filter((tier) =>
    terms.some(({ kind, text, not }) => kind === 'tier' && !not && text === tier),
  );
}

/** The entries that a query finds, in their order. */
export function find(
  terms: readonly Term[],
  entries: readonly PlanEntry[],
  caseState: CaseStateOf,
): readonly PlanEntry[] {
  if (terms.length === 0) return entries;
  const groups = [
    terms.filter(isAlternative('glob')),
    terms.filter(isAlternative('status')),
    terms.filter(isAlternative('tier')),
  ]
    .filter((group) => group.length > 0)
    .map((group) => group.map((term) => testOf(term, caseState)));
  const each = terms
    .filter(({ kind, not }) => not || kind === 'word')
    .map((term) => ({ not: term.not, holds: testOf(term, caseState) }));
  return entries.filter(
    (entry) =>
      groups.every((group) => group.some((holds) => holds(entry))) &&
      each.every(({ not, holds }) => holds(entry) !== not),
  );
}

/** Terms of one kind; one of them suffices. */
function isAlternative(wanted: Term['kind']): (term: Term) => boolean {
  return ({ kind, not }) => kind === wanted && !not;
}

function testOf({ kind, text }: Term, caseState: CaseStateOf): (entry: PlanEntry) => boolean {
  switch (kind) {
    case 'glob':
      return ({ id }) => matchesGlob(id, text);
    case 'status':
      return text === 'wrong'
        ? (entry) => isWrong(caseState(entry))
        : (entry) => caseState(entry) === text;
    case 'tier':
      return ({ tier }) => tier === text;
    case 'word': {
      const wanted = text.toLowerCase();
      return (entry) => haystackOf(entry).includes(wanted);
    }
  }
}

const haystacks = new WeakMap<PlanEntry, string>();

/** What words are looked for in. */
function haystackOf(entry: PlanEntry): string {
  const known =
    haystacks.get(entry) ?? `${entry.id} ${entry.backend} ${entry.description}`.toLowerCase();
  haystacks.set(entry, known);
  return known;
}
