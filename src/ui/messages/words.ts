/** Loads a part of the page in a language; nothing where it has no such part. */
export type Language = (part: string) => Promise<unknown>;

/** English needs nothing: it is at hand wherever a part is used. */
const english: Language = async () => undefined;

let language = english;
/** What `language` says, of the parts that are loaded. */
let shown = new Map<string, unknown>();
const used = new Set<string>();

/**
 * The words of one part of the page, in the language that is shown. English is at hand wherever a
 * part is used, in `<part>.en.ts` beside what shows it; other languages, `<part>.de.ts` there, have
 * the same type, are loaded for the parts that are, and take its place when they are chosen.
 */
export function words<T>(part: string, inEnglish: T): () => T {
  used.add(part);
  return () => (shown.get(part) as T | undefined) ?? inEnglish;
}

/** Says every part that is in use in another language, once all are there; English without one. */
export async function say(next: Language = english): Promise<void> {
  language = next;
  const found = new Map<string, unknown>();
  await fill(found);
  if (language === next) shown = found;
}

/** What is loaded, once its words are there too. */
export async function withWords<T>(loading: Promise<T>): Promise<T> {
  const loaded = await loading;
  await fill(shown);
  return loaded;
}

/** Loads what is missing, until nothing is that came in meanwhile. */
async function fill(found: Map<string, unknown>): Promise<void> {
  const from = language;
  if (from === english) return;
  for (;;) {
    const missing = [...used].filter((part) => !found.has(part));
    if (missing.length === 0 || from !== language) return;
    await Promise.all(missing.map(async (part) => found.set(part, await from(part))));
  }
}
