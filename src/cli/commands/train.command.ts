import { wholeNumber } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { defineCommand } from '../command.ts';
import { notYet } from '../exit.ts';
import { lastPath } from '../path-option.ts';
import { REPORT } from '../report-options.ts';
import { TUNING } from '../tuning-option.ts';
import type { TrainOptions } from './train.ts';

export const command = defineCommand<TrainOptions>({
  name: 'train',
  order: 2,
  description: 'fine-tune a small language model on a text, on the GPU',
  options: {
    data: {
      name: 'data',
      argument: 'file',
      description: "the text to learn, 4 KiB or more (default: this project's own sources)",
      parse: lastPath('--data'),
    },
    type: {
      name: 'type',
      argument: 'qlora',
      description: 'kind of fine-tuning',
      parse: (texts) => {
        const type = texts.at(-1);
        if (type === 'qlora') return type;
        throw notYet(`--type ${type}`);
      },
    },
    config: {
      name: 'config',
      argument: 'file',
      description: 'optimizer, schedule, clipping and mixed precision as JSON (docs/running.md)',
      parse: lastPath('--config'),
    },
    steps: {
      name: 'steps',
      argument: 'n',
      description: 'optimizer steps (default 300)',
      parse: (texts) => wholeNumber('--steps', texts.at(-1) ?? '', 1, 1_000_000),
    },
    seed: RUN_OPTIONS.seed,
    out: {
      name: 'out',
      argument: 'folder',
      description: 'write adapter and report into this folder',
      parse: lastPath('--out'),
    },
    report: REPORT,
    tuning: TUNING,
  },
  laterOptions: ['--model <folder>', '--resume'],
  run: async (given) => (await import('./train.ts')).trainCommand(given),
});
