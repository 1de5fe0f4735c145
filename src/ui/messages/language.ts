import { Observable } from '../controls/observable.ts';
import { type Language as Parts, say } from './words.ts';

/**
 * Languages of the page, each by its own name. A language that is written from right to left says
 * so.
 */
export const LANGUAGES = {
  en: {
    name: 'English',
    direction: 'ltr',
    load: async () => undefined,
  },
  de: {
    name: 'Deutsch',
    direction: 'ltr',
    load: async () => (await import('./de.ts')).de,
  },
} as const satisfies Readonly<
  Record<
    string,
    {
      name: string;
      direction: 'ltr' | 'rtl';
      load: () => Promise<Parts | undefined>;
    }
  >
>;

/** A language's tag (BCP 47). */
export type Language = keyof typeof LANGUAGES;

const KEPT = 'gradproof.language';

/** The language that is shown. */
export const language = new Observable<Language>('en');

/**
 * Loads and shows `next`; `language` tells when that is done. The choice is kept for the next visit
 * where `keep` says so.
 */
export async function speak(next: Language, keep = false): Promise<void> {
  const { direction, load } = LANGUAGES[next];
  await say(await load());
  document.documentElement.lang = next;
  document.documentElement.dir = direction;
  if (keep) remember(next);
  language.value = next;
}

/**
 * The language to begin with: the one chosen on an earlier visit, else the first of the browser's
 * that there is.
 */
export function firstLanguage(kept = remembered(), wanted = navigator.languages): Language {
  return (
    [kept ?? '', ...wanted.map((tag) => tag.slice(0, 2).toLowerCase())].find(isLanguage) ?? 'en'
  );
}

/** Whether there is a language of this tag. */
export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}

/** A browser that blocks the page's storage throws at every look at it. */
function remembered(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function remember(chosen: Language): void {
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // Then it holds for this visit.
  }
}
