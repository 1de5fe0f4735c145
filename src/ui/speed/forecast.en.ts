import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const gigabytes = (bytes: number) =>
  units.number(bytes / 2 ** 30, {
    style: 'unit',
    unit: 'gigabyte',
    unitDisplay: 'short',
    maximumSignificantDigits: 2,
  });

/** Which models could be fine-tuned here. */
export const forecastWords = words('forecast', {
  title: 'Which models could learn here?',
  lead: 'QLoRA: weights in 4 bits, a small adapter is trained. What each size takes, by calculation:',
  size: 'Model',
  memory: 'Memory it takes',
  room: 'Room here',
  time: '1,000 training steps',
  parameters: (size: string) => `${size.replace('B', '\u00a0B')} parameters`,
  like: (example: string) => `such as ${example}`,
  rooms: {
    fits: 'fits',
    tight: 'fits, barely',
    'too-large': 'does not fit',
    unknown: 'not known',
  },
  split: 'its largest table is split',
  measure: 'Measure the speed',
  measuring: 'Measuring the speed, some ten seconds…',
  measureFailed: (reason: string) => `The speed could not be measured: ${reason}`,
  memoryField: 'Memory of the graphics chip, if you know it, in GB',
  memoryWrong: 'A number of gigabytes, such as 8 or 24.',
  told: (bytes: number) => `Judged by the ${gigabytes(bytes)} that you named.`,
  device: (bytes: number, capped: boolean) =>
    `Judged by this computer’s main memory, which the browser gives as ${gigabytes(bytes)}${capped ? ' or more' : ''}: a chip without memory of its own may take about half. No browser tells how much memory of its own a chip has.`,
  untold:
    'This browser does not tell how much memory there is: name it above, or compare with what your computer has.',
  basis: 'What this rests on',
  memoryBasis: (tokens: number, rank: number) =>
    `Memory is calculated from the published shapes of the models, not measured: weights in 4 bits with a 32-bit scale for every 64 of them (0.5625 bytes a weight); embedding and output layer in 16 bits; LoRA adapters of rank ${rank} on every linear layer with gradients and both moments of AdamW in 32 bits (16 bytes a number); one sequence of ${units.number(tokens)} tokens; each layer keeps its input and computes the rest again.`,
  speedBasis: (cases: number, slowest: string, fastest: string) =>
    `Time is the calculated work of a step divided by the speed of ${units.number(cases)} products with 4-bit weights that were timed here: ${slowest} to ${fastest} billion operations a second. Attention, the output layer and the optimizer are assumed to be as fast; reading data and starting up are left out. It is an estimate, and a real run may take longer.`,
  noSpeed: 'The speed is measured after a whole run, or when you ask for it.',
  limits: (binding: number, buffer: number) =>
    `One piece of memory may hold ${gigabytes(binding)} here (maxStorageBufferBindingSize; one buffer ${gigabytes(buffer)}, maxBufferSize). These are limits of a single piece, not the memory that there is. A model’s largest table is split where it is larger than that.`,
  notOffered:
    'Gradproof proves that the calculations are right; it does not bring these models along.',
});
