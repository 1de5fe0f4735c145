import { basename, resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { readRequest } from '../../harness/tuning/read-request.ts';
import { RequestFaults, type RequestPart } from '../../harness/tuning/request-faults.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import { openNodeFolder } from '../../harness/worker/node-folder.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageError, UsageFaults } from '../exit.ts';
import { readInput } from '../files.ts';

/** What was asked for of a fine-tuning of a folder. */
export type ModelOptions = Pick<
  Partial<TrainOptions>,
  'data' | 'type' | 'config' | 'steps' | 'seed' | 'adapter'
>;

/**
 * What a fine-tuning of the folder at `model` needs, read from disk. Throws {@link UsageFaults} with
 * a line for every fault, by the option that has it.
 */
export async function requestOf(model: string, options: ModelOptions): Promise<TuningRequest> {
  const { config, data, adapter, type, steps, seed } = options;
  if (/^https?:/i.test(model))
    throw new UsageError(
      `--model ${model}: models are not read from servers in this version yet: give a folder on disk`,
    );
  let dataPath = data;
  try {
    return await readRequest({
      model: placeOf(model),
      adapter: adapter === undefined ? undefined : placeOf(adapter),
      openFolder,
      name: nameOf(model),
      base: model,
      settings:
        config === undefined ? undefined : async () => textOf(readInput('--config', config)),
      given: {
        ...(type === undefined ? {} : { type }),
        ...(steps === undefined ? {} : { max_steps: steps }),
        ...(seed === undefined ? {} : { seed }),
      },
      openData: async (named) => {
        dataPath = data ?? named;
        return dataPath === undefined ? undefined : partsOfBytes(readInput('--data', dataPath));
      },
    });
  } catch (error) {
    if (!(error instanceof RequestFaults)) throw error;
    const where: Readonly<Record<RequestPart, string>> = {
      model: `--model ${model}`,
      adapter: `--adapter ${adapter}`,
      settings: config === undefined ? 'the settings' : `--config ${config}`,
      data: dataPath === undefined ? 'the texts' : `--data ${dataPath}`,
    };
    throw new UsageFaults(error.faults.map(({ part, message }) => `${where[part]}: ${message}`));
  }
}

const placeOf = (path: string): FolderPlace => ({ kind: 'path', path: resolve(path) });

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function openFolder(place: FolderPlace): Promise<ModelFolder> {
  try {
    return await openNodeFolder(place);
  } catch (error) {
    throw new UsageError(`cannot be read: ${messageOf(error)}`);
  }
}

/** What ids may hold of the name of a folder. */
const nameOf = (place: string): string =>
  basename(resolve(place)).replace(/[^A-Za-z0-9._-]+/g, '-') || 'model';
