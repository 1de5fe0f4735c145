/** A row of x along an axis. */
export interface Row {
  readonly elements: readonly number[];
  /** All places of the row, in order; of equal elements the first comes first. */
  readonly ranked: readonly number[];
  /** How many of them are taken. */
  readonly k: number;
}

/** What tells which places a party took, and how far it must be right. */
interface Told {
  /** The places that the result of a rank may stand for, the likeliest last; they are used up. */
  readonly wishes: (rank: number) => number[];
  /**
   * Which elements a result may name: that of its rank, any that is among those taken, or any of
   * the row.
   */
  readonly among: 'rank' | 'taken' | 'row';
}

/**
 * Which place each result of a row stands for, where the party that gave them chose among equal
 * elements: what it tells, each place once, as far as `among` allows, and else what is left.
 */
export function chosenPlaces({ elements, ranked, k }: Row, { wishes, among }: Told): number[] {
  const free = new Set(ranked);
  const taken = ranked.slice(0, k);
  const left = counted(taken.map((place) => elements[place] as number));
  const fits = (place: number, rank: number): boolean => {
    const element = elements[place] as number;
    if (!free.has(place)) return false;
    if (among === 'taken') return (left.get(element) ?? 0) > 0;
    return among === 'row' || isSame(element, elements[taken[rank] as number] as number);
  };
  const take = (place: number): number => {
    const element = elements[place] as number;
    free.delete(place);
    left.set(element, (left.get(element) ?? 0) - 1);
    return place;
  };
  const found = taken.map((_, rank) => {
    const queue = wishes(rank);
    while (queue.length > 0) {
      const place = queue.pop() as number;
      if (fits(place, rank)) return take(place);
    }
    return undefined;
  });
  // All that comes before a rank is taken by now, so that the next is equal to what it should be.
  return found.map((place) => place ?? take(free.values().next().value as number));
}

/** Zeros are equal, and so is what is no number, as they are to a map. */
function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function counted(elements: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
  return counts;
}
