import { createHash } from 'node:crypto';
import { groupBy } from '../../../report/group.ts';
import { folderOf } from '../folders.ts';
import { type HostMutant, hostMutantId } from '../host-mutant.ts';

/** Of a draw each operator has at least this share, so that rare mistakes are in it. */
const LEAST_SHARE = 0.05;

/**
 * Draws `count` mutants by `seed`: by operator as many as it has, but at least
 * {@link LEAST_SHARE} of the draw, and within an operator spread over the folders. Returns them in
 * their order.
 */
export function draw(
  mutants: readonly HostMutant[],
  count: number,
  seed: number,
): readonly HostMutant[] {
  if (count >= mutants.length) return mutants;
  const place = (name: string) => createHash('sha256').update(`${seed} ${name}`).digest('hex');
  const order = new Map(mutants.map((mutant) => [mutant, place(hostMutantId(mutant))]));
  const placeOf = (mutant: HostMutant) => order.get(mutant) as string;
  const groups = [...groupBy(mutants, ({ operator }) => operator)].sort(([a], [b]) =>
    place(a) < place(b) ? -1 : 1,
  );
  const shares = sharesOf(
    groups.map(([, group]) => group.length),
    count,
  );
  const drawn = new Set(
    groups.flatMap(([, group], i) => spread(group, placeOf).slice(0, shares[i])),
  );
  return mutants.filter((mutant) => drawn.has(mutant));
}

/** How many are drawn of groups of these sizes, `count` together. */
function sharesOf(sizes: readonly number[], count: number): readonly number[] {
  const shares = sizes.map(() => 0);
  const least = Math.ceil(LEAST_SHARE * count);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  for (let left = count; left > 0; left--) {
    // The group that is furthest below its share; one below the least comes before all others.
    const lack = sizes.map((size, i) => {
      const has = shares[i] as number;
      if (has >= size) return Number.NEGATIVE_INFINITY;
      return has < least ? count + least - has : (count * size) / all - has;
    });
    const next = lack.indexOf(Math.max(...lack));
    shares[next] = (shares[next] as number) + 1;
  }
  return shares;
}

/** A group in an order where every beginning of it is spread over the folders by their sizes. */
function spread(
  group: readonly HostMutant[],
  placeOf: (mutant: HostMutant) => string,
): readonly HostMutant[] {
  const folders = groupBy(group, ({ file }) => folderOf(file));
  const turns = [...folders.values()].flatMap((members) =>
    members
      .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
      // By chance where in its turn a folder comes, else the smallest would never be first.
      .map((mutant, i, { length }) => ({ mutant, at: (i + chance(placeOf(mutant))) / length })),
  );
  return turns.sort((a, b) => a.at - b.at).map(({ mutant }) => mutant);
}

/** A number from 0 to 1 by a hash in hexadecimal digits. */
function chance(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32;
}
