import { FAMILY_NAMES, type Family } from '../../report/families.ts';
import { type SquareState, STATE_WORDS } from '../../report/mosaic.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** What is done while a check of a family runs. */
const doing: Readonly<Record<Family, string>> = {
  products: 'multiplying matrices',
  lora: 'adapting a layer with LoRA',
  'few-bits': 'computing with weights of a few bits',
  ternary: 'computing with weights of -1, 0 and 1',
  attention: 'computing attention',
  layers: 'computing layers and losses',
  arithmetic: 'adding, comparing and rounding numbers',
  optimizers: 'updating weights as optimizers do',
  training: 'training small networks',
  data: 'reading and writing data',
  refusals: 'trying wrong and extreme input',
  device: 'measuring memory and speed',
  recordings: 'comparing with other libraries',
  other: 'running other checks',
};

/** A square for each check, by family. */
export const mosaicWords = words('mosaic', {
  title: 'Every check',
  legend: 'What the squares mean',
  families: FAMILY_NAMES,
  unnamed: 'Checks that are not named here',
  states: STATE_WORDS,
  counted: (count: number, state: SquareState) => `${units.number(count)} ${STATE_WORDS[state]}`,
  now: (family: Family) => `Now ${doing[family]}`,
  hint: 'A square is a check: a click or Enter opens it.',
});
