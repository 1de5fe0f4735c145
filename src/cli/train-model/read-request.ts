import { basename, resolve } from 'node:path';
import { STATION } from '../../data/tales/station.ts';
import { tales } from '../../data/tales/tales.ts';
import { messageOf } from '../../errors.ts';
import { openChatTemplate } from '../../formats/hugging-face/chat-template.ts';
import { CheckpointError } from '../../formats/hugging-face/checkpoint-error.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { ConfigError } from '../../formats/hugging-face/config-error.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openTokenizer, type TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { DataFileError } from '../../formats/text-data/data-file-error.ts';
import { encodeTexts } from '../../formats/text-data/encode.ts';
import { readTextData, TEXT_FORMATS, type TextFormat } from '../../formats/text-data.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import {
  continuedConfig,
  trainingConfigOf,
} from '../../train/llama/config/read-training-config.ts';
import { TrainingConfigError } from '../../train/llama/config/training-config-error.ts';
import { USUAL_LENGTH } from '../../train/llama/config/training-fields.ts';
import { checkedModel } from '../../train/llama/open-model.ts';
import { runPlan } from '../../train/llama/run-plan.ts';
import { type ReadAdapter, readAdapter } from '../../train/llama/saved-adapter.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageFaults } from '../exit.ts';
import { readInput } from '../files.ts';
import { folderAt } from './folder-at.ts';
import { checkForm, checkTarget, savingOf } from './saving.ts';

/** What was asked for of a fine-tuning of a folder. */
export type ModelOptions = Pick<
  Partial<TrainOptions>,
  'data' | 'type' | 'config' | 'steps' | 'seed' | 'adapter' | 'save' | 'out'
>;

/**
 * Reads configuration, model, adapter and data, and holds them against each other. Throws
 * {@link UsageFaults} with a line for every fault of all of them that can be told.
 */
export async function readRequest(place: string, options: ModelOptions): Promise<TuningRequest> {
  const faults: string[] = [];
  const tried = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      faults.push(...linesOf(error).map((line) => `${what}: ${line}`));
      return undefined;
    }
  };
  const { config: file, data, adapter } = options;
  const folder = await tried(`--model ${place}`, () => folderAt(place));
  const saved =
    adapter === undefined
      ? undefined
      : await tried(`--adapter ${adapter}`, async () => readAdapter(await folderAt(adapter)));
  const config = await tried(file === undefined ? 'the settings' : `--config ${file}`, async () =>
    configOf(options, saved, folder && (await contextOf(folder))),
  );
  const how = options.save === undefined ? 'the model' : `--save ${options.save}`;
  const save = config && (await tried(how, async () => savingOf(options, config)));
  const merges = options.steps === 0;
  if (merges && (!saved || !save))
    faults.push(
      '--steps 0 trains nothing: give --adapter, and with --save and --out how it is merged',
    );
  const dataPath = data ?? config?.data;
  const model =
    folder && config && (await tried(`--model ${place}`, () => checkedModel(folder, config)));
  const codec = folder && (await tried(`--model ${place}`, () => openTokenizer(folder)));
  const texts = merges
    ? []
    : codec &&
      config &&
      (await tried(`--data ${dataPath}`, () => textsIn(dataPath, codec, config)));
  const plan = merges
    ? { steps: 0 }
    : texts && config && (await tried(`--data ${dataPath}`, async () => runPlan(texts, config)));
  if (model && codec && config) faults.push(...misfits(model, codec, config));
  if (folder && model && save) {
    await tried(`--out ${options.out}`, async () => checkTarget(save.place, place));
    await tried(how, () => checkForm(folder, model, save.form));
  }
  if (faults.length > 0 || !config || !texts || !plan) throw new UsageFaults(faults);
  return {
    folder: resolve(place),
    name: nameOf(place),
    base: place,
    texts: texts.map(({ ids, asked }) => ({ ids, asked })),
    config,
    steps: plan.steps,
    ...(saved ? { saved: saved.values } : {}),
    ...(save ? { save } : {}),
  };
}

/** Tokens that a model is made for; undefined where its configuration is wrong, as is told elsewhere. */
async function contextOf(folder: ModelFolder): Promise<number | undefined> {
  try {
    return (await modelConfigIn(folder)).context;
  } catch {
    return undefined;
  }
}

/** The settings of a file below what the command line says, and below an adapter's own. */
function configOf(
  { config: file, type, steps, seed }: ModelOptions,
  saved: ReadAdapter | undefined,
  context: number = USUAL_LENGTH,
): LlamaTrainingConfig {
  const text = file === undefined ? '{}' : new TextDecoder().decode(readInput('--config', file));
  const given = {
    max_length: Math.min(USUAL_LENGTH, context),
    ...parseJsonObject(text, 'the file'),
    ...(type === undefined ? {} : { type }),
    ...(steps ? { max_steps: steps } : {}),
    ...(seed === undefined ? {} : { seed }),
  };
  const config = trainingConfigOf(given);
  return saved ? continuedConfig(config, saved.fields) : config;
}

/** Of these sources where no file is given: tales that the model of the page does not know. */
const STATION_TALES = 300;

const ownTexts = (seed: number): Uint8Array<ArrayBuffer> => {
  const lines = tales(STATION, STATION_TALES, seed).map((text) => JSON.stringify({ text }));
  return new TextEncoder().encode(lines.join('\n'));
};

async function textsIn(path: string | undefined, codec: TextCodec, config: LlamaTrainingConfig) {
  const { dataFormat, length } = config;
  if (dataFormat !== undefined && !TEXT_FORMATS.some((name) => name === dataFormat))
    throw new UsageFaults([
      `dataset_format "${dataFormat.slice(0, 40)}" is not known: there are ${TEXT_FORMATS.join(', ')}`,
    ]);
  const bytes = path === undefined ? ownTexts(config.seed) : readInput('--data', path);
  const file = {
    bytes: bytes.length,
    read: async (start: number, end: number) => bytes.subarray(start, end),
  };
  const read = await readTextData(file, dataFormat as TextFormat | undefined);
  const hasChats = read.lessons.some(({ lesson }) => lesson.kind === 'chat');
  const template = hasChats ? await openChatTemplate(codec) : undefined;
  return encodeTexts(read, codec, { length, template }).items;
}

/** What of model, tokenizer and settings does not go together. */
function misfits(
  { vocabulary, context }: ModelConfig,
  { size }: TextCodec,
  { length }: LlamaTrainingConfig,
): readonly string[] {
  return [
    ...(size > vocabulary
      ? [
          `--model: the tokenizer has ${size} tokens, and the model ${vocabulary}: give the tokenizer that belongs to it`,
        ]
      : []),
    ...(length > context
      ? [
          `max_length is ${length}, and the model is made for ${context} tokens: give at most so many`,
        ]
      : []),
  ];
}

/** What ids may hold of the name of a folder. */
const nameOf = (place: string): string =>
  basename(resolve(place)).replace(/[^A-Za-z0-9._-]+/g, '-') || 'model';

function linesOf(error: unknown): readonly string[] {
  if (error instanceof UsageFaults) return error.lines;
  if (error instanceof CheckpointError) return error.faults.map(({ message }) => message);
  if (error instanceof TrainingConfigError || error instanceof ConfigError)
    return error.faults.map(({ message, suggestion }) => `${message}: ${suggestion}`);
  if (error instanceof DataFileError && error.count > 1) {
    const told = error.faults.map(({ line, message }) => `line ${line}: ${message}`);
    const left = error.count - told.length;
    return left > 0 ? [...told, `and ${left} more records cannot be read`] : told;
  }
  return [messageOf(error)];
}
