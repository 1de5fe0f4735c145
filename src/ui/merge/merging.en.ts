import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes } = units;

/** The merging of what a run has trained into its model, after that has ended. */
export const mergingWords = words('merging', {
  heading: 'Merge it into its model',
  form: 'Form of the model',
  toFolder: 'It is written into a folder that you choose.',
  toDownloads:
    'It is written part by part into this browser’s own storage, and is there as downloads until another one is, or a run starts.',
  endsTalk: 'The talk with the model ends then: one at a time is on the device.',
  save: 'Save the merged model',
  goesOn: 'The model is loaded, merged and written weight by weight.',
  cancel: 'Cancel merging',
  stopping: 'Cancelling…',
  progress: 'Progress of merging',
  written: 'The merged model is written.',
  cancelled: 'Cancelled: nothing was written.',
  failed: 'Nothing was written:',
  whole: 'All weights were trained: the model that was written has them.',
  needsDevice: 'It is merged by WebGPU, which is not here.',
  needsModel: (name: string) => `To merge it, choose ${name} again.`,
  model: (name: string, size: number) => `Its model: ${name}, ${bytes(size)}`,
  chooseFolder: 'Choose the folder of its model',
  chooseFile: 'Choose the file of its model',
});
