import * as v from 'valibot';
import { headerLength, LENGTH_BYTES, readHeader } from '../../formats/safetensors.ts';
import { HISTORY } from '../../train/checkpoint/contents.ts';
import { stepOfName } from '../../train/checkpoint/run-checkpoint.ts';
import { HISTORY_TENSOR } from '../../train/checkpoint/write-run-checkpoint.ts';
import { isNotFound } from '../controls/not-found.ts';

/** How far the newest checkpoint of a run is. */
export interface LastCheckpoint {
  readonly step: number;
  /** Of that step, in nats a token; undefined where none was made, or it cannot be read. */
  readonly loss: number | undefined;
  readonly at: Date;
}

/**
 * Looks at the newest checkpoint of a folder; undefined where there is none. It is held against its
 * sums when the run goes on, which says so where that has to be from one before.
 */
export async function lastCheckpoint(
  folder: FileSystemDirectoryHandle,
): Promise<LastCheckpoint | undefined> {
  const found: { readonly step: number; readonly name: string }[] = [];
  for await (const name of folder.keys()) {
    const step = stepOfName(name);
    if (step !== undefined) found.push({ step, name });
  }
  for (const { step, name } of found.sort((a, b) => b.step - a.step)) {
    const file = await fileIn(folder, name);
    if (!file) continue;
    const loss = await lossIn(file).catch(() => undefined); // it is damaged
    return { step, loss, at: new Date(file.lastModified) };
  }
  return undefined;
}

/** Undefined of one that was removed since it was listed: its run goes on in another tab. */
async function fileIn(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function lossIn(file: File): Promise<number | undefined> {
  const part = async (start: number, end: number) =>
    new Uint8Array(await file.slice(start, end).arrayBuffer());
  const end = LENGTH_BYTES + headerLength(await part(0, LENGTH_BYTES + 1), file.size);
  const { entries } = readHeader(await part(LENGTH_BYTES, end), file.size - end);
  const place = entries.find(({ name }) => name === HISTORY_TENSOR);
  if (!place) return undefined;
  const text = new TextDecoder().decode(await part(end + place.start, end + place.end));
  return v.parse(HISTORY, JSON.parse(text)).findLast((told) => told.type === 'step')?.loss;
}
