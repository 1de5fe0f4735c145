import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { FormatError, quote } from '../../formats/format-error.ts';
import { isAddress } from '../../formats/hugging-face/model-address.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { validationMessage } from '../../formats/validation-message.ts';
import { TRAINING_TYPE_NAMES } from '../../train/llama/config/types.ts';
import { MODEL_FORM_NAMES } from '../../train/llama/saved-model/forms.ts';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageError, UsageFaults } from '../exit.ts';
import { readInput, writeOutput } from '../files.ts';
import { namedIn } from './named-in.ts';

/** Below the folder of a run, and below that. */
export const CHECKPOINTS = 'checkpoints';
export const RUN = 'run.json';
export const SETTINGS = 'settings.json';

const VERSION = 1;

/** What a run was begun with, beside its settings, which are kept as a file of their own. */
const RUN_FILE = v.strictObject({
  version: v.literal(VERSION),
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
});

type Begun = Omit<v.InferOutput<typeof RUN_FILE>, 'version'>;

const placeOf = (folder: string, name: string) => join(folder, CHECKPOINTS, name);

/**
 * Keeps what a run of `model` into `out` was begun with, so that it can go on. `makeWay` is called
 * when all is read, and before anything is written. Throws UsageError.
 */
export function writeRunFile(
  out: string,
  model: string,
  options: Partial<TrainOptions>,
  makeWay = () => {},
): void {
  const { config, adapter, type, steps, seed, save, runtime, workers, sharding } = options;
  const data = options.data ?? (config === undefined ? undefined : namedIn(config, 'data'));
  const begun: Required<{ [Name in keyof Begun]: Begun[Name] | undefined }> = {
    ...{ model: isAddress(model) ? model : resolve(model), base: model },
    data: data && resolve(data),
    adapter: adapter && resolve(adapter),
    ...{ type, steps, seed, save, runtime, workers, sharding },
  };
  // They may be those that an earlier run left in this very place.
  const settings = config === undefined ? undefined : readInput('--config', config);
  makeWay();
  rmSync(placeOf(out, SETTINGS), { force: true });
  if (settings) writeOutput('--out', placeOf(out, SETTINGS), settings);
  const text = `${JSON.stringify({ version: VERSION, ...begun }, null, 2)}\n`;
  writeOutput('--out', placeOf(out, RUN), text);
}

/**
 * What the run in `folder` was begun with, as options; of those that are given beside, what may
 * differ: with other workers the sums have another order, and so other bits. Throws UsageFaults, a line for each option that differs, and UsageError where there is no
 * run to go on with.
 */
export function resumedOptions(
  folder: string,
  given: Partial<TrainOptions>,
): Begun & Partial<TrainOptions> {
  const begun = readRunFile(folder);
  const settings = placeOf(folder, SETTINGS);
  const config = existsSync(settings) ? settings : undefined;
  const faults = [...differing(folder, begun, given), ...settingsFault(config, given.config)];
  if (faults.length > 0) throw new UsageFaults(faults);
  const { workers: _, sharding: __, ...same } = begun;
  const asksForWorkers = given.workers !== undefined || given.sharding !== undefined;
  return {
    ...{ ...given, ...(asksForWorkers ? same : begun) },
    ...(config === undefined ? {} : { config }),
    out: folder,
  };
}

function readRunFile(folder: string): Begun {
  const path = placeOf(folder, RUN);
  if (!existsSync(path))
    throw new UsageError(
      `--resume ${folder}: holds no run to go on with: give the folder that --out named`,
    );
  try {
    const text = new TextDecoder().decode(readInput('--resume', path));
    const json = parseJsonObject(text, 'the file');
    if (json['version'] !== VERSION)
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

const PATHS: readonly string[] = ['model', 'data', 'adapter', 'out'];

function differing(folder: string, begun: Begun, given: Partial<TrainOptions>): readonly string[] {
  const faults: string[] = [];
  const all = { runtime: 'node', ...begun, out: folder };
  for (const name of [
    'model',
    'data',
    'adapter',
    'type',
    'steps',
    'seed',
    'save',
    'runtime',
    'out',
  ] as const) {
    const [was, now] = [all[name], given[name]].map((value) =>
      typeof value === 'string' && PATHS.includes(name) && !isAddress(value)
        ? resolve(value)
        : value,
    );
    if (now !== undefined && now !== was)
      faults.push(
        `--${name} ${given[name]}: the run of ${folder} was begun with ${was ?? 'none'}: leave it out, or begin another run`,
      );
  }
  if (given.tuning !== undefined)
    faults.push(
      `--tuning ${given.tuning}: the run of ${folder} goes on by the table that it was begun with: leave it out`,
    );
  return faults;
}

function settingsFault(kept: string | undefined, given: string | undefined): readonly string[] {
  if (given === undefined) return [];
  const isSame =
    kept !== undefined &&
    Buffer.compare(readInput('--config', kept), readInput('--config', given)) === 0;
  return isSame
    ? []
    : [
        `--config ${given}: the run was begun with other settings: leave it out, or begin another run`,
      ];
}
