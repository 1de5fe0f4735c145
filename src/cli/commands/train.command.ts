import { OptionError, wholeNumber } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { isTrainingType, TRAINING_TYPE_NAMES } from '../../train/llama/config/types.ts';
import { MODEL_FORM_NAMES } from '../../train/llama/saved-model/forms.ts';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';
import { defineCommand } from '../command.ts';
import { LOG_TO } from '../log-to-option.ts';
import { lastPath } from '../path-option.ts';
import { REPORT } from '../report-options.ts';
import { runtimeOption } from '../runtime-option.ts';
import { TUNING } from '../tuning-option.ts';
import type { TrainOptions } from './train.ts';

export const command = defineCommand<TrainOptions>({
  name: 'train',
  order: 2,
  description: 'fine-tune a language model on a text, on the GPU',
  options: {
    data: {
      name: 'data',
      argument: 'file',
      description:
        "the text to learn, 4 KiB or more (default: this project's own sources; with --model tales of a space station)",
      parse: lastPath('--data'),
    },
    model: {
      name: 'model',
      argument: 'folder',
      description:
        "fine-tune the Llama, Qwen or Mistral of this folder of Hugging Face's, .gguf file or https address (docs/running.md)",
      parse: lastPath('--model'),
    },
    adapter: {
      name: 'adapter',
      argument: 'folder',
      description: 'go on from an adapter that was saved, with --model',
      parse: lastPath('--adapter'),
    },
    type: {
      name: 'type',
      argument: 'name',
      description: `kind of fine-tuning: ${TRAINING_TYPE_NAMES.join(', ')} (default qlora); without --model qlora alone`,
      parse: (texts) => {
        const type = texts.at(-1);
        if (isTrainingType(type)) return type;
        throw new OptionError(`--type ${type}: there are ${TRAINING_TYPE_NAMES.join(', ')}`);
      },
    },
    runtime: runtimeOption('where it computes (default chromium; with --model node)'),
    backend: {
      name: 'backend',
      argument: 'name',
      description:
        'who computes: webgpu, or reference, which needs no WebGPU and takes small models, with --model (default $GRADPROOF_BACKEND, else webgpu)',
      parse: (texts) => trainingBackend('--backend', texts.at(-1)),
    },
    config: {
      name: 'config',
      argument: 'file',
      description:
        'optimizer, schedule, precision and, with --model, all else as JSON (docs/running.md)',
      parse: lastPath('--config'),
    },
    steps: {
      name: 'steps',
      argument: 'n',
      description:
        'optimizer steps (default 300; with --model three epochs, and 0 merges --adapter as it is)',
      parse: (texts) => wholeNumber('--steps', texts.at(-1) ?? '', 0, 1_000_000),
    },
    seed: RUN_OPTIONS.seed,
    workers: {
      name: 'workers',
      argument: 'n',
      description:
        'workers that train the model together, each with a device of its own, with --model (default 1)',
      parse: (texts) => wholeNumber('--workers', texts.at(-1) ?? '', 1, 16),
    },
    sharding: {
      name: 'sharding',
      argument: 'strategy',
      description: `what each of them holds: ${SHARDING_STRATEGIES.join(', ')} (default ddp: all of it)`,
      parse: (texts) => shardingStrategy(texts.at(-1) ?? ''),
    },
    save: {
      name: 'save',
      argument: 'form',
      description: `what --out gets, with --model: adapter, or the model with it merged: ${MODEL_FORM_NAMES.join(', ')} (default adapter; of full merged-float32)`,
      parse: (texts) => saveForm(texts.at(-1) ?? ''),
    },
    out: {
      name: 'out',
      argument: 'folder',
      description: 'write adapter or model, and report, into this folder',
      parse: lastPath('--out'),
    },
    checkpointEvery: {
      name: 'checkpoint-every',
      argument: 'steps',
      description:
        'steps between two checkpoints in --out, with --model (default after 60 s or 50 steps, at most a twentieth of the time)',
      parse: (texts) => wholeNumber('--checkpoint-every', texts.at(-1) ?? '', 1, 1_000_000),
    },
    keep: {
      name: 'keep',
      argument: 'n',
      description: 'how many of the last checkpoints stay, beside the best (default 2)',
      parse: (texts) => wholeNumber('--keep', texts.at(-1) ?? '', 1, 1000),
    },
    resume: {
      name: 'resume',
      argument: 'folder',
      description: 'go on with the run that --out named this folder for, from its last checkpoint',
      parse: lastPath('--resume'),
    },
    report: REPORT,
    profile: {
      name: 'profile',
      argument: 'file',
      description: 'write a Chrome trace to this file, an event for each dispatch of a step',
      parse: lastPath('--profile'),
    },
    logTo: LOG_TO,
    tuning: TUNING,
  },
  run: async (given) => {
    const inEnvironment = process.env['GRADPROOF_BACKEND'] || 'webgpu';
    const backend = given.backend ?? trainingBackend('GRADPROOF_BACKEND', inEnvironment);
    if (given.resume !== undefined) {
      if (backend === 'reference')
        throw new OptionError('--resume: the reference keeps no run: resume it on webgpu');
      const { resumedOptions } = await import('../train-model/resumed-options.ts');
      const { model, options, ...begun } = resumedOptions(given.resume, given);
      return (await import('./train-model.ts')).trainModelCommand(model, options, begun);
    }
    const { namedIn } = await import('../train-model/named-in.ts');
    const model =
      given.model ?? (given.config === undefined ? undefined : namedIn(given.config, 'model'));
    if (backend === 'reference') {
      const { trainOnReferenceCommand } = await import('./train-on-reference.ts');
      if (model !== undefined) return trainOnReferenceCommand(model, given);
      throw new OptionError('the reference trains a model of --model alone: give a folder');
    }
    return model === undefined
      ? (await import('./train.ts')).trainCommand(given)
      : (await import('./train-model.ts')).trainModelCommand(model, given);
  },
});

function trainingBackend(from: string, name: string | undefined): TrainOptions['backend'] {
  if (name === 'webgpu' || name === 'reference') return name;
  throw new OptionError(`${from} ${name}: must be webgpu or reference`);
}

function shardingStrategy(text: string): TrainOptions['sharding'] {
  const strategy = SHARDING_STRATEGIES.find((name) => name === text);
  if (strategy) return strategy;
  throw new OptionError(`--sharding ${text}: there are ${SHARDING_STRATEGIES.join(', ')}`);
}

function saveForm(text: string): TrainOptions['save'] {
  const form = [...MODEL_FORM_NAMES, 'adapter' as const].find((name) => name === text);
  if (form) return form;
  throw new OptionError(`--save ${text}: there are adapter, ${MODEL_FORM_NAMES.join(', ')}`);
}
