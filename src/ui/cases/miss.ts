import type { PlanEntry } from '../../harness/events.ts';
import { nearestFilters } from '../../harness/nearest.ts';
import { TIERS } from '../../report/tiers.ts';
import { type CaseStateOf, find, STATUS_WORDS, type Term } from './query.ts';

/**
 * So many terms are tried one by one to tell which is too much: a query may come from elsewhere.
 */
const MOST_TRIED = 12;

/** Why a query finds nothing. */
export type Miss =
  /** A word after `status:` or `tier:` that is none. */
  | { readonly why: 'unknown'; readonly term: Term; readonly known: readonly string[] }
  /** Nothing matches this term by itself; `near` is what was perhaps meant. */
  | { readonly why: 'nowhere'; readonly term: Term; readonly near: readonly string[] }
  /** Each term matches something, all together nothing; without `term` there would be `left`. */
  | { readonly why: 'together'; readonly term: Term; readonly left: number };

/**
 * Why nothing is found, the nearest reason: what to change first. Undefined for a query that finds
 * something, or has no words.
 */
export function missOf(
  terms: readonly Term[],
  entries: readonly PlanEntry[],
  caseState: CaseStateOf,
): Miss | undefined {
  if (terms.length === 0 || find(terms, entries, caseState).length > 0) return undefined;
  for (const term of terms) {
    const known: readonly string[] | undefined =
      term.kind === 'status' ? STATUS_WORDS : term.kind === 'tier' ? TIERS : undefined;
    if (known && !known.includes(term.text)) return { why: 'unknown', term, known };
  }
  const nowhere = terms.find(
    (term) =>
      !term.not &&
      (term.kind === 'glob' || term.kind === 'word') &&
      find([term], entries, caseState).length === 0,
  );
  if (nowhere) {
    const ids = entries.map(({ id }) => id);
    return { why: 'nowhere', term: nowhere, near: nearestFilters(nowhere.text, ids) };
  }
  const [best] = terms
    .slice(-MOST_TRIED)
    .reverse()
    .map((term) => ({
      term,
      left: find(
        terms.filter((other) => other !== term),
        entries,
        caseState,
      ).length,
    }))
    .sort((a, b) => b.left - a.left);
  return best && { why: 'together', ...best };
}
