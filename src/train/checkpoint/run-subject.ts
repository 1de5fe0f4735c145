import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { fileDigest } from '../../formats/file-digest.ts';
import { type ModelFolder, shardsOf } from '../../formats/hugging-face/shards.ts';
import { toStored } from '../../formats/safetensors/write.ts';
import { sha256 } from '../../formats/sha256.ts';
import { isJsonObject, type JsonObject } from '../../formats/strict-json.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { LlamaTrainingConfig } from '../llama/config/read-training-config.ts';
import type { RunSubject } from './run-checkpoint.ts';
import { RunCheckpointError } from './run-checkpoint-error.ts';

const CONFIG = 'config.json';

/** What a run is of. Reads all weights once. Throws CheckpointError as `shardsOf`. */
export async function runSubject({
  folder,
  texts,
  config,
  saved,
}: {
  readonly folder: ModelFolder;
  readonly texts: readonly LabelledTokens[];
  readonly config: LlamaTrainingConfig;
  /** What it begins with, beside the model. */
  readonly saved?: ReadonlyMap<string, HostTensor> | undefined;
}): Promise<RunSubject> {
  // Where the data lie and how they are written says nothing of the run: their tokens do. Nor does
  // what it would do after a fault.
  const { data: _, dataFormat: __, recovery: ___, ...rest } = config;
  return {
    model: await modelDigest(folder),
    data: await textsDigest(texts),
    ...(saved ? { saved: await valuesDigest(saved) } : {}),
    config: JSON.parse(JSON.stringify(rest)),
  };
}

/** SHA-256 over the values, by their names. */
async function valuesDigest(values: ReadonlyMap<string, HostTensor>): Promise<string> {
  const lines: string[] = [];
  for (const [name, host] of values) {
    const { dtype, shape, bytes } = toStored(host);
    const sum = await sha256(bytes as Uint8Array<ArrayBuffer>);
    lines.push(`${name} ${dtype} ${shape.join('x')} ${sum}`);
  }
  return await sha256(new TextEncoder().encode(lines.sort().join('\n')));
}

/** SHA-256 over config.json and the files of weights, by their names. Throws as `shardsOf`. */
export async function modelDigest(folder: ModelFolder): Promise<string> {
  const { files } = await shardsOf(folder);
  const config = folder.get(CONFIG);
  const all = [...(config ? [[CONFIG, config] as const] : []), ...files];
  const lines: string[] = [];
  for (const [name, file] of all) lines.push(`${name} ${file.bytes} ${await fileDigest(file)}`);
  return await sha256(new TextEncoder().encode(lines.sort().join('\n')));
}

/** Of each text its length, its tokens, and for each whether it is asked. */
async function textsDigest(texts: readonly LabelledTokens[]): Promise<string> {
  const numbers = new Int32Array(texts.reduce((sum, { ids }) => sum + 1 + 2 * ids.length, 0));
  let at = 0;
  for (const { ids, asked } of texts) {
    numbers[at++] = ids.length;
    for (const id of ids) numbers[at++] = id;
    for (const each of asked) numbers[at++] = Number(each);
  }
  return await sha256(new Uint8Array(numbers.buffer));
}

/**
 * Throws RunCheckpointError `checkpoint-foreign`, which names what differs, where a checkpoint is of
 * another run.
 */
export function requireSubject(saved: RunSubject, own: RunSubject): void {
  const parts = [
    ...(saved.model === own.model ? [] : ['the weights of the model are others']),
    ...(isSameStart(saved.saved, own.saved)
      ? []
      : ['what it began with beside the model is another']),
    ...(saved.data === own.data ? [] : ['the texts are others']),
    ...differences(saved.config, own.config).map(
      ([path, then, now]) => `${path} was ${told(then)} and is ${told(now)}`,
    ),
  ];
  if (parts.length === 0) return;
  throw new RunCheckpointError(
    'checkpoint-foreign',
    `the checkpoint is of another run: ${parts.join(', ')}: go on with what it was begun with, or begin anew in another folder`,
  );
}

/** A checkpoint that tells none may be of a build that told none, whatever the run began with. */
const isSameStart = (then: RunSubject['saved'], now: RunSubject['saved']): boolean =>
  then === undefined || then === now;

const LONGEST_SHOWN = 60;
const told = (value: unknown): string =>
  value === undefined ? 'not given' : JSON.stringify(value).slice(0, LONGEST_SHOWN);

type Difference = readonly [path: string, then: unknown, now: unknown];

/** The innermost fields of two values of JSON that are not the same. */
function differences(then: unknown, now: unknown, at = ''): readonly Difference[] {
  if (isJsonObject(then) && isJsonObject(now))
    return namesOf(then, now).flatMap((name) =>
      differences(then[name], now[name], at === '' ? name : `${at}.${name}`),
    );
  return JSON.stringify(then) === JSON.stringify(now) ? [] : [[at, then, now]];
}

const namesOf = (a: JsonObject, b: JsonObject): readonly string[] => [
  ...new Set([...Object.keys(a), ...Object.keys(b)]),
];
