import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';

const NOUNS = ['dog', 'king', 'ship', 'bird', 'girl', 'cloud', 'horse', 'miller'];
const ADJECTIVES = ['old', 'red', 'small', 'tall', 'quiet', 'young', 'clever', 'lost'];
const PREPOSITIONS = ['near', 'behind', 'under', 'above'];
const VERBS = ['run', 'sleep', 'sing', 'fall', 'wait', 'shine', 'laugh', 'vanish'];

/** The most characters of a sentence, its end among them. */
export const MOST_CHARACTERS = 64;

/** What a verb ends in: of one head with an s, of many without. */
const verbOf = seam('data.agreement_verb', (verb: string, isPlural: boolean): string =>
  isPlural ? verb : `${verb}${verb.endsWith('sh') ? 'es' : 's'}`,
);

/**
 * A sentence whose verb agrees with the noun at its head, however many others of either number
 * stand between: `the old dogs near the ship behind the king sleep.`
 */
function sentence(random: Random): string {
  const one = (words: readonly string[]) => words[random.integer(0, words.length - 1)] as string;
  const isPlural = () => random.integer(0, 1) === 1;
  const noun = (plural: boolean) => `${one(NOUNS)}${plural ? 's' : ''}`;
  const ofMany = isPlural();
  const head = `the ${one(ADJECTIVES)} ${noun(ofMany)}`;
  const between = Array.from(
    { length: random.integer(1, 2) },
    () => `${one(PREPOSITIONS)} the ${noun(isPlural())}`,
  );
  return `${[head, ...between, verbOf(one(VERBS), ofMany)].join(' ')}.\n`;
}

/** Sentences of a seed, each a line, that come to so many characters at least. */
export function agreementText(seed: number, characters: number): readonly string[] {
  const random = new Random(seed);
  const sentences: string[] = [];
  for (let length = 0; length < characters; ) {
    const next = sentence(random);
    sentences.push(next);
    length += next.length;
  }
  return sentences;
}

/** One sentence of so many is held out. */
const HELD_OUT = 10;

/**
 * Whether a text is held out: by a hash of its characters (32-bit FNV-1a) and by nothing else, so
 * that a text that comes twice is always on one side.
 */
export const isHeldOut = seam('data.is_held_out', (text: string): boolean => {
  let hash = 0x811c9dc5;
  for (const character of new TextEncoder().encode(text))
    hash = Math.imul(hash ^ character, 0x01000193);
  return (hash >>> 0) % HELD_OUT === 0;
});
