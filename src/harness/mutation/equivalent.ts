import { type Mutant, mutantId } from './mutants.ts';
import { changedLines } from './verdict.ts';

/** A mutant that no input tells from the original, with the argument for it. */
export interface Equivalent {
  readonly id: string;
  /** The line of the source, and what the mutant makes of it: where they differ from these, the entry is stale and does not count. */
  readonly line: string;
  readonly becomes: string;
  readonly why: string;
}

/** Reviewed by people; at most 5 % of the mutants. Each is run all the same, and reported when a case turns red. */
export const EQUIVALENTS: readonly Equivalent[] = [];

const BY_ID = new Map(EQUIVALENTS.map((entry) => [entry.id, entry]));

/** The argument that a mutant of `source` is equivalent to the original, if there is one and it is not stale. */
export function argumentFor(mutant: Mutant, source: string): string | undefined {
  const entry = BY_ID.get(mutantId(mutant));
  if (!entry) return undefined;
  const { line, becomes } = changedLines(source, mutant);
  return entry.line === line && entry.becomes === becomes ? entry.why : undefined;
}
