import { words as units } from '../messages/units.de.ts';
import type { askWords } from './ask.en.ts';

export const words: ReturnType<typeof askWords> = {
  heading: 'Das Modell fragen',
  prompt: 'Der Anfang eines Textes, den das Modell weiterschreibt',
  suggestions: 'Anfänge zum Ausprobieren',
  question: 'Eine Frage, dem Modell durch seine Chat-Vorlage gestellt wie in den Daten',
  questions: 'Fragen zum Ausprobieren',
  how: 'Nächstes Token',
  greedy: 'das wahrscheinlichste',
  sampled: 'gezogen',
  ask: 'Weiterschreiben',
  put: 'Fragen',
  frozen: 'Vorher',
  tuned: 'Jetzt',
  tunedAfter: (step) => `Nach ${units.count(step, { one: 'Schritt', other: 'Schritten' })}`,
  answer: (title) => `Antwort: ${title}`,
  more: '…',
  empty: '(nichts: Hier endet der Text)',
  cut: (read, tokens) =>
    `Zu lang: Von seinen ${units.number(tokens)} Token hat das Modell die letzten ${units.number(read)} gelesen.`,
  full: 'Hier endet die Antwort.',
  room: (tokens, most) =>
    `Dieser Lauf liest ${units.number(tokens)} Token auf einmal, Frage und Antwort zusammen: kürzer fragen${most > tokens ? ` oder mit größerem max_length starten, bis ${units.number(most)}` : ''}.`,
  notYet: 'Es antwortet, sobald das Modell geladen ist.',
  over: 'Das Gespräch ist zu Ende: noch einmal starten, um weiter zu fragen.',
};
