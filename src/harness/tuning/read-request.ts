import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { StoredCodes } from '../../formats/hugging-face/coded-weights.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { endTokens } from '../../formats/hugging-face/end-tokens.ts';
import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openTokenizer, type TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { PartFile } from '../../formats/part-file.ts';
import { type JsonObject, parseJsonObject } from '../../formats/strict-json.ts';
import type { EncodedText } from '../../formats/text-data/encode.ts';
import {
  expandedLayers,
  expansionName,
  namesExpansion,
} from '../../models/llama/block-expansion.ts';
import { ExpansionError } from '../../models/llama/expansion-error.ts';
import { adapterDifferences } from '../../train/llama/config/adapter-differences.ts';
import { folderFaults } from '../../train/llama/config/folder-faults.ts';
import {
  type Holding,
  type LlamaTrainingConfig,
  trainingConfigOf,
} from '../../train/llama/config/read-training-config.ts';
import { TrainingConfigError } from '../../train/llama/config/training-config-error.ts';
import { USUAL_LENGTH } from '../../train/llama/config/training-fields.ts';
import { requireSaved, requireTrainable } from '../../train/llama/open-model.ts';
import { type ReadAtOnce, type RunPlan, readAtOnce, runPlan } from '../../train/llama/run-plan.ts';
import type { ReadAdapter } from '../../train/llama/saved-adapter.ts';
import type { TuningRequest } from '../tuning.ts';
import { ownTexts } from './own-texts.ts';
import { faultsOf, type RequestFault, type RequestPart } from './request-faults.ts';
import { continued, expandedBefore, otherType, readSaved } from './saved-before.ts';
import { type ReadTexts, readTexts, type TextSettings } from './texts.ts';

/** Where all that a fine-tuning needs is read. */
export interface TuningSources {
  readonly model: FolderPlace;
  /** An adapter to go on from. Default a new one is drawn. */
  readonly adapter?: FolderPlace | undefined;
  /** Opens both, as the host at hand does. */
  readonly openFolder: (place: FolderPlace) => Promise<ModelFolder>;
  /** What reports and ids call the model. */
  readonly name: string;
  /** What a saved adapter calls it. */
  readonly base: string;
  /** The text of a file of settings, a JSON object. Default none. */
  readonly settings?: (() => Promise<string>) | undefined;
  /** Settings that come before those of the file, by the names that they have there. */
  readonly given?: JsonObject;
  /**
   * Opens the file with the texts; `named` is the path in the settings. Undefined where there is no
   * file: tales of the project are learnt then.
   */
  readonly openData: (named: string | undefined) => Promise<PartFile | undefined>;
  /** Makes tokens of the texts elsewhere than in this thread, in place of `openData`. */
  readonly readTexts?: ((settings: TextSettings) => Promise<ReadTexts>) | undefined;
  /** Whether an adapter is only merged: no text is read then, and no step made. Default false. */
  readonly merging?: boolean;
}

/** What was read for a fine-tuning: each part as far as it can be read. */
export interface InspectedRequest {
  /** All that is wrong. */
  readonly faults: readonly RequestFault[];
  readonly folder?: ModelFolder | undefined;
  readonly model?: ModelConfig | undefined;
  /** How its weights are in codes. */
  readonly codes?: StoredCodes | undefined;
  readonly codec?: TextCodec | undefined;
  /** The tokens at which an answer of the model ends. */
  readonly ends?: readonly number[] | undefined;
  readonly config?: LlamaTrainingConfig | undefined;
  readonly texts?: ReadTexts | undefined;
  readonly plan?: RunPlan<EncodedText> | undefined;
  /** How long a question to the model and its answer may be. */
  readonly reads?: ReadAtOnce | undefined;
  /** Where nothing is wrong. */
  readonly request?: TuningRequest;
}

/**
 * Reads settings, model, adapter and data, holds them against each other, and tells all that is
 * wrong and all that was found on the way. Never throws.
 */
export async function inspectRequest(sources: TuningSources): Promise<InspectedRequest> {
  const faults: RequestFault[] = [];
  const tried = async <T>(part: RequestPart, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      faults.push(...faultsOf(error).map((fault) => ({ part, ...fault })));
      return undefined;
    }
  };
  const { model: place, adapter, openFolder, openData, name, base, merging = false } = sources;
  const folder = await tried('model', () => openFolder(place));
  const read = folder && (await tried('model', () => modelConfigIn(folder)));
  const checkpoint = read && (await tried('model', () => Checkpoint.open(folder, read)));
  const codes = checkpoint?.codes;
  const asked = await tried('settings', () => settingsOf(sources, read?.context));
  const saved =
    adapter && (await tried('adapter', async () => readSaved(await openFolder(adapter), asked)));
  if (asked && saved && 'fields' in saved)
    await tried('settings', async () => requireSame(asked, saved.fields, read));
  const trained = read && {
    ...{ model: read, codes, adapted: adapter !== undefined },
    expanded: expandedBefore(name, saved),
  };
  const hold: Holding = (all, isWrong) => [
    ...(trained ? folderFaults(all, trained, isWrong) : []),
    ...otherType(all, saved),
  ];
  const own = asked && (await tried('settings', async () => trainingConfigOf(asked, hold)));
  const settled = own && continued(own, saved);
  const config = settled && (await tried('model', async () => namedExpansion(settled, name, read)));
  // All that settings choose is held before: adapters that do not fit are saved ones.
  const holder = saved && 'fields' in saved ? 'adapter' : 'model';
  const model =
    config &&
    checkpoint &&
    (await tried(holder, async () => {
      requireTrainable(checkpoint, read, config);
      return read;
    }));
  if (model && config && saved)
    await tried('adapter', async () => requireSaved(model, config, saved.values));
  const codec = folder && (await tried('model', () => openTokenizer(folder)));
  const ends = read && codec && (await tried('model', () => endTokens(folder, codec)));
  if (read && codec && codec.size > read.vocabulary) faults.push(tooManyTokens(codec, read));
  const texts =
    !merging && codec && config
      ? await tried('data', async () =>
          sources.readTexts
            ? await sources.readTexts(config)
            : await readTexts(
                (await openData(config.data)) ?? ownTexts(config.seed),
                codec,
                config,
              ),
        )
      : undefined;
  const plan = texts && config && (await tried('data', async () => runPlan(texts.items, config)));
  const reads = model && config && plan && readAtOnce(model, config, plan);
  const inspected = {
    ...{ faults, folder, model, codes, codec, ends },
    ...{ config, texts, plan, reads },
  };
  if (faults.length > 0 || !config || !(merging || plan)) return inspected;
  const request = {
    ...{ folder: place, name, base, config },
    texts: (texts?.items ?? []).map(({ ids, asked }) => ({ ids, asked })),
    steps: plan?.steps ?? 0,
    ...(saved ? { saved: saved.values } : {}),
  };
  return { ...inspected, request };
}

/** The settings of a file below what is given beside it. */
async function settingsOf(
  { settings, given }: TuningSources,
  context: number = USUAL_LENGTH,
): Promise<JsonObject> {
  return {
    max_length: Math.min(USUAL_LENGTH, context),
    ...(settings ? parseJsonObject(await settings(), 'the file') : {}),
    ...given,
  };
}

/** Throws TrainingConfigError where settings say of adapters what a saved one has otherwise. */
function requireSame(
  settings: JsonObject,
  saved: ReadAdapter['fields'],
  model: ModelConfig | undefined,
): void {
  const faults = adapterDifferences(settings, saved, model);
  if (faults.length > 0) throw new TrainingConfigError(faults);
}

/**
 * With what the name of a folder says of blocks that it has already. Throws ExpansionError
 * `block-expansion-name`.
 */
function namedExpansion(
  config: LlamaTrainingConfig,
  name: string,
  model: ModelConfig | undefined,
): LlamaTrainingConfig {
  if (config.expansionRate === undefined || !namesExpansion(name)) return config;
  const expanded = expandedLayers(name);
  const { before, after } = config.expanded ?? expanded;
  if (before !== expanded.before || after !== expanded.after)
    throw new ExpansionError(
      'block-expansion-name',
      `it is ${expansionName(expanded)}, and the saved blocks are of ${expansionName({ before, after })}`,
      'give the model that they were added to',
    );
  if (model && model.layers !== after)
    throw new ExpansionError(
      'block-expansion-name',
      `its name ends in ${expansionName(expanded)}, and it has ${model.layers} blocks`,
      `give it another name, or the model of ${after}`,
    );
  return { ...config, expanded };
}

const tooManyTokens = ({ size }: TextCodec, { vocabulary }: ModelConfig): RequestFault => ({
  part: 'model',
  message: `the tokenizer has ${size} tokens, and the model ${vocabulary}: give the tokenizer that belongs to it`,
});
