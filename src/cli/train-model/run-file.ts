import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { FormatError, quote } from '../../formats/format-error.ts';
import { isAddress } from '../../formats/hugging-face/model-address.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { validationMessage } from '../../formats/validation-message.ts';
import { TUNING_ROWS } from '../../train/checkpoint/contents.ts';
import { TRAINING_TYPE_NAMES } from '../../train/llama/config/types.ts';
import { MODEL_FORM_NAMES } from '../../train/llama/saved-model/forms.ts';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageError } from '../exit.ts';
import { readInput, writeOutput } from '../files.ts';
import type { Tuning } from '../tuning.ts';
import { namedIn } from './named-in.ts';

/** Below the folder of a run, and below that. */
export const CHECKPOINTS = 'checkpoints';
export const RUN = 'run.json';
export const SETTINGS = 'settings.json';

const VERSION = 2;
/** The one before kept less, and is read too. */
const READ = [1, VERSION] as const;

/** What a run was begun with, beside its settings, which are kept as a file of their own. */
const RUN_FILE = v.strictObject({
  version: v.picklist(READ),
  model: v.string(),
  /** As it was given: what a saved adapter calls it. */
  base: v.string(),
  data: v.exactOptional(v.string()),
  adapter: v.exactOptional(v.string()),
  type: v.exactOptional(v.picklist(TRAINING_TYPE_NAMES)),
  steps: v.exactOptional(v.number()),
  seed: v.exactOptional(v.number()),
  save: v.exactOptional(v.picklist([...MODEL_FORM_NAMES, 'adapter'])),
  /** Default node. */
  runtime: v.exactOptional(v.picklist(['chromium', 'node'])),
  workers: v.exactOptional(v.number()),
  sharding: v.exactOptional(v.picklist(SHARDING_STRATEGIES)),
  checkpointEvery: v.exactOptional(v.number()),
  keep: v.exactOptional(v.number()),
  /** By which table variants are chosen: its rows, as soon as they are measured. */
  tuning: v.exactOptional(v.union([v.literal('measured'), TUNING_ROWS])),
});

/** What is kept of a run, as it is read. */
export interface Begun
  extends Readonly<Omit<v.InferOutput<typeof RUN_FILE>, 'version' | 'tuning'>> {
  readonly tuning?: Tuning;
}

/** What is asked for of a run that goes into a folder. */
export interface AskedRun {
  readonly model: string;
  readonly options: Partial<TrainOptions>;
  readonly table: Tuning;
}

/** All of it, where what there is not is undefined. */
type Fields = Required<{ readonly [Name in keyof Begun]: Begun[Name] | undefined }>;

const placeOf = (folder: string, name: string) => join(folder, CHECKPOINTS, name);

/** The settings that are kept of a run; undefined where it was begun without. */
export function keptSettings(folder: string): string | undefined {
  const path = placeOf(folder, SETTINGS);
  return existsSync(path) ? path : undefined;
}

/**
 * Keeps what a run into `out` was begun with, and by which table, so that it can go on, or begin
 * anew where there is no checkpoint yet. `makeWay` is called when all is read, and before anything
 * is written. Throws UsageError.
 */
export function writeRunFile(
  out: string,
  { model, options, table: tuning }: AskedRun,
  makeWay = () => {},
): void {
  const { config, adapter, type, steps, seed, save, runtime, workers, sharding } = options;
  const { checkpointEvery, keep } = options;
  const data = options.data ?? (config === undefined ? undefined : namedIn(config, 'data'));
  // They may be those that an earlier run left in this very place.
  const settings = config === undefined ? undefined : readInput('--config', config);
  makeWay();
  rmSync(placeOf(out, SETTINGS), { force: true });
  if (settings) writeOutput('--out', placeOf(out, SETTINGS), settings);
  const begun: Fields = {
    ...{ model: isAddress(model) ? model : resolve(model), base: model },
    data: data && resolve(data),
    adapter: adapter && resolve(adapter),
    ...{ type, steps, seed, save, runtime, workers, sharding, checkpointEvery, keep, tuning },
  };
  write(out, begun);
}

/** Keeps of the run in `out` what is another now; what is undefined it then has no more. */
export function changeRunFile(out: string, changes: Partial<Fields>): void {
  const begun = readRunFile(out);
  const changed = { ...begun, ...changes };
  // A disk that is full keeps no run from going on as before.
  if (JSON.stringify(changed) !== JSON.stringify(begun)) write(out, changed);
}

function write(out: string, begun: Partial<Fields>): void {
  const text = `${JSON.stringify({ version: VERSION, ...begun }, null, 2)}\n`;
  writeOutput('--out', placeOf(out, RUN), text);
}

/** Throws UsageError where there is no run to go on with. */
export function readRunFile(folder: string): Begun {
  const path = placeOf(folder, RUN);
  if (!existsSync(path))
    throw new UsageError(
      `--resume ${folder}: holds no run to go on with: give the folder that --out named`,
    );
  try {
    const text = new TextDecoder().decode(readInput('--resume', path));
    const json = parseJsonObject(text, 'the file');
    if (!READ.some((version) => version === json['version']))
      throw new FormatError(
        `it is of version ${quote(String(json['version']))}, and this Gradproof reads version ${VERSION}: go on with the one that wrote it`,
      );
    const { version: _, ...begun } = v.parse(RUN_FILE, json);
    return begun;
  } catch (error) {
    throw new UsageError(
      `--resume ${folder}: ${join(CHECKPOINTS, RUN)}: ${validationMessage(error)}`,
    );
  }
}
