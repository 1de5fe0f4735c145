import { invariant } from '../../errors.ts';
import { Random } from '../../tensor/random.ts';
import { PLOTS } from './plots.ts';
import type { Person, World } from './world.ts';

/**
 * `count` tales of a world, drawn from the seed: each a paragraph of plain English in ASCII. The
 * same for all that have these sources.
 */
export function tales(world: World, count: number, seed: number): readonly string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => tale(world, random));
}

function tale(world: World, random: Random): string {
  const plot = oneOf(PLOTS, random);
  const names = namesOf(world, random);
  const told = plot.map((sentences) => filled(oneOf(sentences, random), names, world, random));
  return told.join(' ').replace(/\b([Aa]) (?=[aeiou])/g, '$1n ');
}

/** What stands for each `{name}` of the tale. */
function namesOf({ people, kept }: World, random: Random): ReadonlyMap<string, string> {
  const hero = oneOf(people, random);
  const friend = other(people, hero, random);
  const kind = oneOf(kept.kind, random);
  const isHe = hero.he === 'he';
  const drawn = Object.entries(kept).map(([name, words]) => [name, oneOf(words, random)] as const);
  return new Map([
    ...drawn,
    ['hero', hero.name],
    ['friend', friend.name],
    ['kind', kind],
    ['friendKind', other(kept.kind, kind, random)],
    ['he', hero.he],
    ['him', isHe ? 'him' : 'her'],
    ['his', isHe ? 'his' : 'her'],
    ['himself', isHe ? 'himself' : 'herself'],
  ]);
}

const NAME = /\{(\w+)\}|\[(\w+)\]/g;

function filled(
  sentence: string,
  names: ReadonlyMap<string, string>,
  { free }: World,
  random: Random,
): string {
  return sentence.replace(NAME, (_, kept: string | undefined, drawn: keyof World['free']) => {
    if (kept === undefined) return oneOf(free[drawn], random);
    const small = kept[0]?.toLowerCase() + kept.slice(1);
    const word = names.get(kept) ?? names.get(small);
    invariant(word !== undefined, () => `a plot names {${kept}}, which no world has`);
    return names.has(kept) ? word : word[0]?.toUpperCase() + word.slice(1);
  });
}

function oneOf<T>(from: readonly T[], random: Random): T {
  return from[random.integer(0, from.length - 1)] as T;
}

function other<T extends string | Person>(from: readonly T[], one: T, random: Random): T {
  return oneOf(
    from.filter((each) => each !== one),
    random,
  );
}
