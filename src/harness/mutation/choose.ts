import type { Mutant } from './mutants.ts';

/** The most mutants that are taken of one file, so that a whole run ends in minutes. */
const MUTANTS_PER_FILE = 16;

/**
 * Takes at most `most` of a file's mutants, the same ones every time: the operators take turns, so
 * that rare ones (a dropped barrier) are all there, and what is taken of one operator is spread
 * over the lines. By default those of a whole run.
 */
export function choose(mutants: readonly Mutant[], most = MUTANTS_PER_FILE): readonly Mutant[] {
  const queues = [...byOperator(mutants).values()].map(scattered);
  const chosen = new Set<Mutant>();
  for (let turn = 0; chosen.size < Math.min(most, mutants.length); turn++) {
    for (const queue of queues) {
      const next = queue[turn];
      if (next && chosen.size < most) chosen.add(next);
    }
  }
  return mutants.filter((mutant) => chosen.has(mutant));
}

function byOperator(mutants: readonly Mutant[]): Map<string, Mutant[]> {
  const groups = new Map<string, Mutant[]>();
  for (const mutant of mutants)
    groups.set(mutant.operator, [...(groups.get(mutant.operator) ?? []), mutant]);
  return groups;
}

/**
 * The items in an order where every prefix is spread over the whole: by the bits of the index in
 * reverse.
 */
function scattered<T>(items: readonly T[]): T[] {
  const bits = Math.ceil(Math.log2(Math.max(2, items.length)));
  const reversed = (index: number) =>
    Number.parseInt([...index.toString(2).padStart(bits, '0')].reverse().join(''), 2);
  return items
    .map((item, index) => ({ item, at: reversed(index) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
