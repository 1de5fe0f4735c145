import * as v from 'valibot';
import { GradproofError, messageOf } from '../../errors.ts';
import { quote } from '../../formats/format-error.ts';
import { type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import { headerLength, LENGTH_BYTES, readSafetensors } from '../../formats/safetensors.ts';
import { sha256 } from '../../formats/sha256.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../formats/strict-json.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { sameShape } from '../../tensor/shape.ts';
import { CONTENTS, type Contents, HISTORY } from './contents.ts';
import { ofAnotherBuild } from './of-another-build.ts';
import type { RunCheckpoint } from './run-checkpoint.ts';
import { RunCheckpointError, type RunCheckpointFault } from './run-checkpoint-error.ts';
import { FORMAT, HISTORY_TENSOR, STATE, STATISTICS, VERSION } from './write-run-checkpoint.ts';

const OPENING_BRACE = 0x7b;

/**
 * Reads what `writeRunCheckpoint` wrote; nothing in the file is trusted, and every byte that counts
 * is held against its SHA-256; what is as it was written and cannot be read all the same is of another
 * version, and no damage. Throws {@link RunCheckpointError}.
 */
export async function readRunCheckpoint(file: Uint8Array): Promise<RunCheckpoint> {
  const { metadata, tensors } = opened(file);
  const contents = await contentsOf(metadata);
  await requireTensors(contents, tensors);
  const part = (prefix: string): Record<string, HostTensor> =>
    Object.fromEntries(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, stored]) => [
          name.slice(prefix.length),
          hostTensorOf(name, stored, contents.engine),
        ]),
    );
  const { step, skipped, random, tensors: _, ...rest } = contents;
  return {
    ...rest,
    state: {
      ...{ step, random },
      ...(skipped === undefined ? {} : { skipped }),
      tensors: part(STATE),
      statistics: part(STATISTICS),
    },
    history: historyIn(tensors.get(HISTORY_TENSOR) as StoredTensor, contents.engine),
  };
}

const refuse = (code: RunCheckpointFault, what: string, cause?: unknown) =>
  new RunCheckpointError(code, what, cause === undefined ? undefined : { cause });

/** The parts of a file. Each sort of damage has a code of its own. */
function opened(file: Uint8Array): ReturnType<typeof readSafetensors> {
  if (file.length === 0) throw refuse('checkpoint-empty', 'the file is empty');
  if (file[LENGTH_BYTES] !== OPENING_BRACE)
    throw file.length <= LENGTH_BYTES
      ? refuse('checkpoint-truncated', `the file is cut off after ${file.length} bytes`)
      : refuse('checkpoint-magic', 'the file does not begin as a safetensors file does');
  try {
    const end = LENGTH_BYTES + headerLength(file, Number.POSITIVE_INFINITY);
    if (end > file.length)
      throw refuse(
        'checkpoint-truncated',
        `the file is cut off after ${file.length} bytes, within its header of ${end}`,
      );
    const needed = end + claimedBytes(file.subarray(LENGTH_BYTES, end));
    if (needed > file.length)
      throw refuse(
        'checkpoint-truncated',
        `the file is cut off: it has ${file.length} bytes of ${needed}`,
      );
    return readSafetensors(file);
  } catch (error) {
    if (error instanceof RunCheckpointError || !(error instanceof GradproofError)) throw error;
    throw refuse('checkpoint-header', messageOf(error), error);
  }
}

/** Bytes behind a header that it speaks of. Throws FormatError where it is no JSON object. */
function claimedBytes(header: Uint8Array): number {
  const json = parseJsonObject(new TextDecoder().decode(header), 'the header');
  const ends = Object.values(json).map((entry) => {
    const offsets = isJsonObject(entry) ? entry['data_offsets'] : undefined;
    const end: unknown = Array.isArray(offsets) ? offsets[1] : undefined;
    return typeof end === 'number' ? end : 0;
  });
  return ends.reduce((most, end) => Math.max(most, end), 0);
}

async function contentsOf(metadata: ReadonlyMap<string, string>): Promise<Contents> {
  if (metadata.get('format') !== FORMAT)
    throw refuse('checkpoint-magic', 'it is a safetensors file, and no checkpoint of a run');
  const version = metadata.get('version') ?? '';
  const run = metadata.get('run') ?? '';
  // Of later versions the sum is of another text.
  const isWhole = (await sha256(new TextEncoder().encode(run))) === metadata.get('sha256');
  if (version !== String(VERSION))
    throw isWhole
      ? refuse('checkpoint-hash', `its version is not what was written: it says ${quote(version)}`)
      : ofVersion(version);
  if (!isWhole)
    throw refuse(
      'checkpoint-hash',
      'what it says of the run is not what was written: its SHA-256 is another',
    );
  let json: JsonObject | undefined;
  try {
    json = parseJsonObject(run, 'what it says of the run');
    return v.parse(CONTENTS, json);
  } catch (error) {
    throw ofAnotherBuild(error, json?.['engine']);
  }
}

function ofVersion(version: string): RunCheckpointError {
  const isNewer = /^\d{1,9}$/.test(version) && Number(version) > VERSION;
  return refuse(
    'checkpoint-version',
    isNewer
      ? `it is of version ${version}, and this Gradproof reads version ${VERSION}: go on with the one that wrote it, or a newer one`
      : `it is of the unknown version ${quote(version)}: this Gradproof reads version ${VERSION}`,
  );
}

/** All tensors that were written must be there with the bytes that they had, and no others. */
async function requireTensors(
  { tensors: written }: Contents,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<void> {
  for (const name of [HISTORY_TENSOR, ...Object.keys(written)])
    if (!tensors.has(name) || !Object.hasOwn(written, name))
      throw refuse('checkpoint-missing', `the tensor ${quote(name)} is missing`);
  for (const [name, { dtype, shape, bytes }] of tensors) {
    const was = Object.hasOwn(written, name) ? written[name] : undefined;
    const isSame =
      was?.dtype === dtype &&
      sameShape(was.shape, shape) &&
      was.sha256 === (await sha256(bytes as Uint8Array<ArrayBuffer>));
    if (!isSame)
      throw refuse(
        'checkpoint-hash',
        `the tensor ${quote(name)} is not what was written: its SHA-256, type or shape is another`,
      );
  }
}

function hostTensorOf(name: string, stored: StoredTensor, engine: string): HostTensor {
  try {
    return toHostTensor(stored);
  } catch (error) {
    throw ofAnotherBuild(error, engine, `the tensor ${quote(name)}: `);
  }
}

function historyIn({ bytes }: StoredTensor, engine: string): RunCheckpoint['history'] {
  try {
    return v.parse(HISTORY, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw ofAnotherBuild(error, engine, 'in its history ');
  }
}
