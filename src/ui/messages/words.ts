/** What another language than English says, by part; nothing while English is shown. */
let shown: Readonly<Record<string, unknown>> = {};

/**
 * The words of one part of the page, in the language that is shown. English is at hand wherever a
 * part is used, in `<part>.en.ts` beside what shows it; other languages, `<part>.de.ts` there, have
 * the same type and take its place when they are chosen.
 */
export function words<T>(part: string, english: T): () => T {
  return () => (shown[part] as T | undefined) ?? english;
}

/** Says `parts` from here on: a whole language, or nothing for English. */
export function say(parts: Readonly<Record<string, unknown>>): void {
  shown = parts;
}
