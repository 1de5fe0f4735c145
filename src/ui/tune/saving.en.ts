import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes } = units;

/** What is saved of a tuned model, and where it is. */
export const savingWords = words('saving', {
  label: 'What is saved',
  adapter: 'What was trained alone',
  forms: {
    merged: 'Merged model, as transformers loads it, in the type of its floats',
    'merged-float32': 'Merged model, as transformers loads it, in float32',
    'merged-float16': 'Merged model, as transformers loads it, in float16',
    'merged-bfloat16': 'Merged model, as transformers loads it, in bfloat16',
    'gguf-f16': 'Merged model as one GGUF file for llama.cpp, in F16',
    'gguf-q8_0': 'Merged model as one GGUF file for llama.cpp, in Q8_0',
  } satisfies Record<ModelFormName, string>,
  toFolder: 'After the last step it is written into a folder that you choose when you start.',
  toDownloads:
    'After the last step it is written part by part into this browser’s own storage, and is there as downloads until the next run.',
  traced: 'A trace of the first steps too: when each dispatch ran. It makes them slower.',
  sent: (sink: string) =>
    `Send its log to ${sink} while it goes on: settings and numbers, no text.`,
  heading: 'The merged model',
  inFolder: (folder: string) => `Written into ${folder}:`,
  file: (name: string, size: number) => `${name} (${bytes(size)})`,
  save: (name: string, size: number) => `Save ${name} (${bytes(size)})`,
  rounding: (ofChange: string) =>
    `Rounding moved its merged weights by ${ofChange} of what training changed in them.`,
});
