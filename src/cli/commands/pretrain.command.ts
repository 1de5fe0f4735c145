import { wholeNumber } from '../../harness/option.ts';
import { defineCommand } from '../command.ts';
import { lastPath } from '../path-option.ts';
import type { PretrainOptions } from './pretrain.ts';

export const command = defineCommand<PretrainOptions>({
  name: 'pretrain',
  order: 11,
  description: 'make the small model that the page begins with, whole, from its recipe',
  options: {
    steps: {
      name: 'steps',
      argument: 'n',
      description: 'steps of the recipe (default all of them: hours on a processor)',
      parse: (texts) => wholeNumber('--steps', texts.at(-1) ?? '', 1, 1_000_000),
    },
    tales: {
      name: 'tales',
      argument: 'file',
      description: 'only write the tales that it learns, one a line',
      parse: lastPath('--tales'),
    },
    out: {
      name: 'out',
      argument: 'folder',
      description: 'write the model into this folder, as transformers and bitsandbytes load it',
      parse: lastPath('--out'),
    },
  },
  run: async (given) => (await import('./pretrain.ts')).pretrainCommand(given),
});
