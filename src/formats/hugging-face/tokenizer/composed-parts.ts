/**
 * A syllable of Hangul in parts, vowels of Kirat Rai, or any other character, with the marks behind
 * it; or marks alone. Nothing else composes with a character before it.
 */
const PART =
  /(?:[\u1100-\u1112][\u1161-\u1175]?[\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]?|[\u{16d63}-\u{16d6a}]+|\P{M})\p{M}*|\p{M}+/gu;

/**
 * A text in parts that are composed (NFC) by themselves: joined, they are the composed text.
 * Intl.Segmenter finds such parts too, in a time that grows with the square of the text.
 */
export const composedParts = (text: string): readonly string[] => text.match(PART) ?? [];
