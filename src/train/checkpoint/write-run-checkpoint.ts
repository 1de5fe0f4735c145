import { STORED_DTYPE, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { toStored, writeStored } from '../../formats/safetensors/write.ts';
import { sha256 } from '../../formats/sha256.ts';
import type { Contents } from './contents.ts';
import type { RunCheckpoint } from './run-checkpoint.ts';

/** What `__metadata__` calls the format. */
export const FORMAT = 'gradproof-checkpoint';
/**
 * The one version that there is. A next one sums its version along with `run`, so that a version that
 * was changed on the disk is told from another one.
 */
export const VERSION = 1;

/** The tensor with the history, as JSON in UTF-8: headers are bounded, and runs are long. */
export const HISTORY_TENSOR = 'history';
/** Before the names of what the optimizer changes, and of the model's running statistics. */
export const STATE = 'state.';
export const STATISTICS = 'statistics.';

/**
 * A checkpoint as one `.safetensors` file: the state as tensors, all else as a JSON text `run` in
 * `__metadata__`, which has the SHA-256 of every tensor, and beside it its own.
 */
export async function writeRunCheckpoint({
  state,
  history,
  best,
  ...rest
}: RunCheckpoint): Promise<Uint8Array<ArrayBuffer>> {
  const stored = new Map<string, StoredTensor>([
    ...Object.entries(state.tensors).map(([name, host]) => [STATE + name, toStored(host)] as const),
    ...Object.entries(state.statistics).map(
      ([name, host]) => [STATISTICS + name, toStored(host)] as const,
    ),
    [HISTORY_TENSOR, textTensor(JSON.stringify(history))],
  ]);
  const tensors: Contents['tensors'] = {};
  for (const [name, { dtype, shape, bytes }] of stored)
    tensors[name] = { dtype, shape: [...shape], sha256: await sha256(bytes as Bytes) };
  const run = JSON.stringify({
    ...{ step: state.step, skipped: state.skipped, random: state.random, ...rest, tensors },
    ...(best ? { best } : {}),
  });
  return writeStored(stored, {
    ...{ format: FORMAT, version: String(VERSION), run },
    sha256: await sha256(new TextEncoder().encode(run)),
  });
}

type Bytes = Uint8Array<ArrayBuffer>;

function textTensor(text: string): StoredTensor {
  const bytes = new TextEncoder().encode(text);
  return { dtype: STORED_DTYPE.u8, shape: [bytes.length], bytes };
}
