import { ago } from '../messages/ago.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, bytes, number } = units;

/** Runs that can be resumed, and what is kept of the one that goes on. */
export const resumableWords = words('resumable', {
  heading: (n: number) =>
    n === 0
      ? 'Runs of another version'
      : n === 1
        ? 'A run that can be resumed'
        : `${number(n)} runs that can be resumed`,
  lead: 'What ended before its last step goes on from its last checkpoint, as if nothing had happened.',
  run: (model: string, when: string) => `${model}, ${when}`,
  at: (step: number, steps: number) =>
    `after step ${number(step)} of ${count(steps, { one: 'step', other: 'steps' })}`,
  loss: (loss: string) => `loss ${loss}`,
  saved: (ms: number) => `saved ${ago('en')(ms)}`,
  resume: 'Resume',
  folderNeeded: (folder: string) => `To resume it, choose ${folder} again.`,
  chooseFolder: 'Choose the folder and resume',
  chooseFile: 'Choose the file and resume',
  refusal: 'this run goes on in another tab: resume it here when it has ended',
  elsewhere: 'It goes on in another tab.',
  foreign: 'A run that another version of this page kept: this one cannot go on with it.',
  foreignRun: 'The run of another version',
  remove: (size: number) => `Delete (${bytes(size)})`,
  removed: (name: string) => `${name} was deleted.`,
  keeping: {
    notYet:
      'Its first checkpoint comes after a minute or 50 steps, or when it is paused: from then on it can be resumed here when the tab closes.',
    lasting:
      'Its checkpoints stay in this browser until its last step: when the tab closes, it can be resumed here.',
    whileThereIsRoom:
      'Its checkpoints stay in this browser until its last step: when the tab closes, it can be resumed here. The browser may delete them when the disk is nearly full.',
    nothing: 'This browser keeps no checkpoints: when the tab closes, this run is lost.',
  },
});
