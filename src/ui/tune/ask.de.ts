import { words as units } from '../messages/units.de.ts';
import type { askWords } from './ask.en.ts';

export const words: ReturnType<typeof askWords> = {
  heading: 'Das Modell fragen',
  prompt: 'Der Anfang eines Textes, den das Modell weiterschreibt',
  suggestions: 'Anfänge zum Ausprobieren',
  how: 'Nächstes Token',
  greedy: 'das wahrscheinlichste',
  sampled: 'gezogen',
  ask: 'Weiterschreiben',
  frozen: 'Vorher',
  tuned: 'Jetzt',
  tunedAfter: (step) => `Nach ${units.count(step, { one: 'Schritt', other: 'Schritten' })}`,
  answer: (title) => `Antwort: ${title}`,
  writing: '…',
  empty: '(nichts: Hier endet der Text)',
  notYet: 'Es antwortet, sobald das Modell geladen ist.',
  over: 'Das Gespräch ist zu Ende: noch einmal starten, um weiter zu fragen.',
};
