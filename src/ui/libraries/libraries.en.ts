import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, bytes } = units;

/** What other libraries recorded, and its replay. */
export const librariesWords = words('libraries', {
  recordings: 'Recordings',
  question: 'Do other libraries get the same numbers?',
  explain: (cases: number) =>
    `The libraries that people fine-tune with today computed ${count(cases, { one: 'example', other: 'examples' })} and recorded what came out. Replay them here: the same inputs, this computer’s results, and the true values to judge both.`,
  replay: 'Replay recordings',
  explainSamples: (cases: number) =>
    `PyTorch tests itself by samples of each operator and optimizer, edge cases included. Here are ${count(cases, { one: 'sample', other: 'samples' })} that a seed drew, with what PyTorch computed on a processor: its own tests, on this computer’s graphics chip.`,
  replaySamples: 'Replay PyTorch’s own samples',
  cost: (size: number) => `${bytes(size)} from this page’s own server.`,
  cannotReplay:
    'Recordings cannot be replayed here: nothing can compute on this computer’s graphics chip yet.',
  runGoesOn: 'A run is going on: stop it, or wait for its end, and replay the recordings then.',
});
