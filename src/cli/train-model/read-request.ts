import { basename, resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import { nameOfAddress } from '../../formats/hugging-face/model-address.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { type InspectedRequest, inspectRequest } from '../../harness/tuning/read-request.ts';
import type { RequestPart } from '../../harness/tuning/request-faults.ts';
import type { ReadTexts } from '../../harness/tuning/texts.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import { counted } from '../../report/counted.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import { checkForm } from '../../train/llama/saved-model/check-form.ts';
import { shardingFaults, type WorkersChoice } from '../../train/llama/sharding-faults.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageFaults } from '../exit.ts';
import { contentOf } from '../files.ts';
import type { AddressModel } from '../model-address/address-model.ts';
import { folderAt } from './folder-at.ts';
import { checkApart, checkTarget, type Saving, savingOf } from './saving.ts';

/** What was asked for of a fine-tuning of a folder. */
export type ModelOptions = Pick<
  Partial<TrainOptions>,
  | 'data'
  | 'type'
  | 'config'
  | 'steps'
  | 'seed'
  | 'adapter'
  | 'save'
  | 'out'
  | 'profile'
  | 'logTo'
  | 'workers'
  | 'sharding'
  | 'checkpointEvery'
  | 'keep'
  | 'resume'
>;

/**
 * What a fine-tuning of the model at `model` needs, read from disk, or of a model on a server from
 * there; `say` hears how the data was read. Throws {@link UsageFaults} with a line for every fault,
 * by the option that has it.
 */
export async function requestOf(
  model: string,
  options: ModelOptions,
  say: (line: string) => void,
  remote?: AddressModel,
): Promise<TuningRequest> {
  const { config, data, adapter, type, steps, seed } = options;
  const own = placeOf(remote?.place ?? model);
  let dataPath = data;
  const inspected = await inspectRequest({
    model: own,
    adapter: adapter === undefined ? undefined : placeOf(adapter),
    openFolder: async (place) =>
      remote && place === own ? await remote.open() : await folderAt(place),
    name: nameOf(remote ? nameOfAddress(model) : basename(resolve(model))),
    base: model,
    settings: config === undefined ? undefined : async () => textOf(contentOf(config)),
    given: {
      ...(type === undefined ? {} : { type }),
      ...(steps ? { max_steps: steps } : {}),
      ...(seed === undefined ? {} : { seed }),
    },
    openData: async (named) => {
      dataPath = data ?? named;
      return dataPath === undefined
        ? undefined
        : { ...partsOfBytes(contentOf(dataPath)), called: basename(dataPath) };
    },
    merging: steps === 0,
  });
  const where: Readonly<Record<RequestPart, string>> = {
    model: `--model ${model}`,
    adapter: `--adapter ${adapter}`,
    settings: config === undefined ? 'the settings' : `--config ${config}`,
    data: dataPath === undefined ? 'the texts' : `--data ${dataPath}`,
  };
  const { save, faults } = await savingFor(model, options, inspected);
  const all = [
    ...inspected.faults.map(({ part, message }) => `${where[part]}: ${message}`),
    ...faults,
    ...withoutUse(options),
    ...(inspected.config ? unshared(options, inspected.config) : []),
  ];
  if (all.length > 0 || !inspected.request) throw new UsageFaults(all);
  if (inspected.texts) say(`${dataPath ?? 'tales of the project'}: ${toldTexts(inspected.texts)}`);
  const choice = workersOf(options);
  return {
    ...inspected.request,
    ...(save ? { save } : {}),
    ...(choice ? { sharding: choice } : {}),
  };
}

/** How the data was read, and how much of it there is. */
function toldTexts({ format, records, items, dropped }: ReadTexts): string {
  const pieces = format === 'plain' ? `, in ${counted(items.length + dropped, 'piece')}` : '';
  const left = dropped > 0 ? `, ${dropped} left out: nothing in their first tokens is asked` : '';
  return `${counted(records, 'record')} of the format ${format}${pieces}${left}`;
}

/** The workers that train together; undefined where one does by itself. */
const workersOf = ({ workers = 1, sharding = 'ddp' }: ModelOptions): WorkersChoice | undefined =>
  workers > 1 ? { workers, strategy: sharding } : undefined;

/** Why the workers that are asked for cannot share the run, a line for each reason. */
function unshared(options: ModelOptions, config: LlamaTrainingConfig): readonly string[] {
  const { workers, sharding, steps } = options;
  const choice = workersOf(options);
  if (!choice)
    return sharding === undefined
      ? []
      : [`--sharding ${sharding}: give --workers, 2 or more, which share the model`];
  return [
    ...shardingFaults(config, choice),
    ...(steps === 0 ? ['with --steps 0 there is no step to share'] : []),
  ].map((fault) => `--workers ${workers}: ${fault}`);
}

/** What is asked of a run that does not have it, a line for each. */
function withoutUse(options: ModelOptions): readonly string[] {
  const { steps, out, profile, logTo } = options;
  const faults: string[] = [];
  if (steps === 0 && profile !== undefined)
    faults.push(`--profile ${profile}: with --steps 0 there is no step to time`);
  if (steps === 0 && logTo !== undefined)
    faults.push(`--log-to ${logTo}: with --steps 0 there is no log`);
  else if (logTo !== undefined && out === undefined)
    faults.push(`--log-to ${logTo}: give --out, where the whole log is kept, too`);
  return [...faults, ...withoutCheckpoints(options)];
}

/** What is asked of checkpoints where a run makes none. */
function withoutCheckpoints(options: ModelOptions): readonly string[] {
  const { steps, out, resume } = options;
  const given = [
    ['--checkpoint-every', options.checkpointEvery],
    ['--keep', options.keep],
    ['--resume', resume],
  ] as const;
  const why =
    out === undefined
      ? 'give --out, where checkpoints are kept, too'
      : steps === 0
        ? 'with --steps 0 there is no step to go on from'
        : undefined;
  if (why === undefined) return [];
  return given.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}: ${why}`],
  );
}

/** How the model itself is saved, with a line for each thing that is wrong with that. */
async function savingFor(
  place: string,
  options: ModelOptions,
  { folder, model, config }: InspectedRequest,
): Promise<{ readonly save?: Saving; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  const tried = async <T>(what: string, check: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await check();
    } catch (error) {
      faults.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const how = options.save === undefined ? 'the model' : `--save ${options.save}`;
  const save = config && (await tried(how, async () => savingOf(options, config)));
  if (options.steps === 0 && (options.adapter === undefined || (config && !save)))
    faults.push(
      '--steps 0 trains nothing: give --adapter, and with --save and --out how it is merged',
    );
  const { out, adapter, resume } = options;
  // What a run was begun with stays as it is.
  if (out !== undefined && adapter !== undefined && resume === undefined)
    await tried(`--out ${out}`, async () => checkApart(out, adapter, save));
  if (folder && model && save) {
    await tried(`--out ${options.out}`, async () => checkTarget(save.place, place));
    await tried(how, () => checkForm(folder, model, save.form, config?.adapter));
  }
  return { faults, ...(save ? { save } : {}) };
}

const placeOf = (path: string): FolderPlace => ({ kind: 'path', path: resolve(path) });

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What ids may hold of a name. */
const nameOf = (given: string): string => given.replace(/[^A-Za-z0-9._-]+/g, '-') || 'model';
