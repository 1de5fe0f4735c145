import type { Tier } from '../../report/tiers.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const costs: Readonly<Record<Tier, string>> = {
  quick: 'About a minute',
  full: 'Up to ten minutes',
  slow: 'Up to an hour',
};

/** The first screen. */
export const checkWords = words('check', {
  question: {
    before: 'Can this computer ',
    whole: 'fine-tune',
    after: ' a language model, correctly and fast?',
  },
  lead: 'This page tries every calculation that fine-tuning takes, on the graphics chip, and compares each number with the true one.',
  run: 'Run',
  again: 'Run again',
  stop: 'Stop',
  stopping: 'Stopping…',
  nothingRuns: 'Nothing can run until then.',
  costs,
  chosenOnly: 'The chosen checks only',
  withLibraries: (ours: string, devices: number) =>
    `${ours}, and as long again for ${devices === 1 ? 'the library' : `each of ${units.number(devices)} libraries`}`,
  noUpload: (cost: string) => `${cost}. Nothing is uploaded.`,
  progress: 'Progress of the run',
  theSwitch: 'Here is the switch.',
  try: 'Try it on your own text',
  tryAfter: ': watch a small model learn it here, and how fast.',
  hung: {
    before: 'The check ',
    after: ' did not come back in time, and the graphics process is stuck. Reload the page:',
  },
  goesOn: 'the run then goes on from here.',
  reload: 'Reload',
  announce: {
    starting: 'Starting.',
    running: 'Running.',
    stopping: 'Stopping.',
    paused: 'Paused.',
    done: (percent: number) => `${percent} percent done.`,
    trained: 'Fine-tuning has ended.',
    timed: 'The bench has ended.',
    measured: 'The measurement has ended.',
  },
  charts: 'Charts',
  sheet: {
    title: 'Which models could learn here?',
    lead: 'From half a billion to seventy billion parameters, or your own: memory part by part, and time.',
    open: 'Open the model sheet',
  },
});
