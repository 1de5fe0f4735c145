import { ago } from '../messages/ago.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, bytes, number } = units;

/** Runs that can be resumed, and what is kept of the one that goes on. */
export const resumableWords = words('resumable', {
  heading: (n: number) =>
    n === 1 ? 'A run that can be resumed' : `${number(n)} runs that can be resumed`,
  unsavedHeading: (n: number) =>
    n === 1 ? 'A run whose result was not saved' : `${number(n)} runs whose results were not saved`,
  foreignHeading: 'Runs that this page cannot read',
  lead: 'What ended before its last step goes on from its last checkpoint, as if nothing had happened.',
  unsavedLead:
    'What has made all its steps is loaded from its last checkpoint, without another step: it can be saved, asked and kept as when it ended.',
  run: (model: string, when: string) => `${model}, ${when}`,
  at: (step: number, steps: number) =>
    `after step ${number(step)} of ${count(steps, { one: 'step', other: 'steps' })}`,
  made: (steps: number) =>
    `made ${steps === 1 ? 'its only step' : `all ${number(steps)} steps`}; its result was not saved`,
  loss: (loss: string) => `loss ${loss}`,
  saved: (ms: number) => `saved ${ago('en')(ms)}`,
  resume: 'Resume',
  folderNeeded: (folder: string) => `To resume it, choose ${folder} again.`,
  chooseFolder: 'Choose the folder and resume',
  chooseFile: 'Choose the file and resume',
  load: 'Load its result',
  folderNeededToLoad: (folder: string) => `To load it, choose ${folder} again.`,
  chooseFolderToLoad: 'Choose the folder and load',
  chooseFileToLoad: 'Choose the file and load',
  refusal:
    'this run goes on in another tab, or its result is open there: take it here when that tab is closed',
  gone: 'This run is gone: another tab deleted it, or its result was saved or kept there.',
  elsewhere: 'It goes on in another tab.',
  openElsewhere: 'Its result is open in another tab.',
  foreign: 'A run that another version of this page kept: this one cannot go on with it.',
  foreignRun: 'The run of another version',
  damaged: 'A run whose files are damaged or missing: this page cannot go on with it.',
  damagedRun: 'The damaged run',
  remove: (size: number) => `Delete (${bytes(size)})`,
  removed: (name: string) => `${name} was deleted.`,
  keeping: {
    notYet:
      'Its first checkpoint comes after a minute or 50 steps, or when it is paused: from then on it can be resumed here when the tab closes.',
    lasting:
      'Its checkpoints stay in this browser until its result is saved or kept: when the tab closes, it can be resumed here.',
    whileThereIsRoom:
      'Its checkpoints stay in this browser until its result is saved or kept: when the tab closes, it can be resumed here. The browser may delete them when the disk is nearly full.',
    nothing: 'This browser keeps no checkpoints: when the tab closes, this run is lost.',
  },
});
