import { Random } from '../../src/tensor/random.ts';

/**
 * A text in which each of `alphabet` bytes occurs equally often and follows each other by chance:
 * its entropy is ln(alphabet).
 */
export function uniformText(
  seed: number,
  bytes: number,
  alphabet: number,
): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  return Uint8Array.from({ length: bytes }, () => 97 + random.integer(0, alphabet - 1));
}

const SYLLABLES = ['ka', 'to', 'mi', 'ren', 'sol', 'u', 'dar', 'ne', 'vi', 'lo', 'pes', 'an'];

/**
 * Sentences of invented words, frequent ones short and rare ones long, as in a language: what
 * precedes tells much about what follows.
 */
export function inventedLanguage(seed: number, bytes: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  const lexicon = Array.from({ length: 120 }, (_, rank) => {
    const syllables = Array.from(
      { length: 1 + Math.floor(rank / 40) },
      () => SYLLABLES[random.integer(0, SYLLABLES.length - 1)],
    );
    return syllables.join('');
  });
  let text = '';
  while (text.length < bytes) {
    // The product of two uniform numbers prefers small ranks.
    const chosen = lexicon[Math.floor(lexicon.length * random.uniform() * random.uniform())];
    text += `${chosen}${random.integer(0, 7) === 0 ? '.\n' : ' '}`;
  }
  return new TextEncoder().encode(text.slice(0, bytes));
}
