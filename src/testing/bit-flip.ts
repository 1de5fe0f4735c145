import { mixedWord } from '../reference/bits/fingerprint.ts';

/**
 * Sums of the bits of one tensor, modulo 2^32: of its words, and of its words mixed with their
 * places.
 */
export type Fingerprint = readonly [plain: number, mixed: number];

/** The fingerprint of a tensor's words. */
export function fingerprintOf(words: Uint32Array): Fingerprint {
  return [
    words.reduce((sum, word) => (sum + word) >>> 0, 0),
    words.reduce((sum, word, i) => (sum + mixedWord(word, i)) >>> 0, 0),
  ];
}

/** A word that was another once. */
export interface BitFlip {
  readonly index: number;
  readonly was: number;
}

/**
 * Finds the one word in which a tensor differed from `words` when its fingerprint was
 * `fingerprint`, and what it was: the first sum tells by how much the word differed, the second at
 * which place that changes it as it did. Undefined when it differed in more than one, or in none. A
 * wrong place fits by chance once in 2^32.
 */
export function findBitFlip(words: Uint32Array, fingerprint: Fingerprint): BitFlip | undefined {
  const [plain, mixed] = fingerprintOf(words);
  const difference = fingerprint[0] - plain;
  const mixedDifference = (fingerprint[1] - mixed) >>> 0;
  if (difference === 0) return undefined;
  const index = words.findIndex((word, i) => {
    // It is mixed modulo 2^32.
    const was = word + difference;
    return (mixedWord(was, i) - mixedWord(word, i)) >>> 0 === mixedDifference;
  });
  return index < 0 ? undefined : { index, was: ((words[index] as number) + difference) >>> 0 };
}
