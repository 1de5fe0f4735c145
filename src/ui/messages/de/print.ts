import type { Messages } from '../en.ts';
import { units } from './units.ts';

export const print: Messages['print'] = {
  suites: 'Prüfungen nach Suiten',
  columns: ['Suiten', 'Prüfungen', 'Richtig', 'Falsch', 'Übersprungen'],
  wrong: 'Was nicht stimmt',
  more: (count) => `${units.number(count)} weitere: Ein gespeicherter Bericht enthält alle.`,
  where: 'Wo und wann',
};
