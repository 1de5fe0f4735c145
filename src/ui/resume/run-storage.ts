import * as v from 'valibot';
import { isNotFound, removeIfThere } from '../controls/not-found.ts';
import type { TuningChoices } from '../tune/tuning-choice.ts';
import { type KeptRun, keptRun, laterRun } from './kept-run.ts';
import { lastCheckpoint } from './last-checkpoint.ts';

/** The folder of the page's own storage (OPFS) that has one for each run. */
const RUNS = 'runs';
const RECORD = 'run.json';
const DATA = 'data';
const ADAPTER = 'adapter';
const CHECKPOINTS = 'checkpoints';

/** A run as it is kept. */
export interface StoredRun {
  readonly id: string;
  readonly run: KeptRun;
  /** The file with its texts, where it learns other ones than the project's. */
  readonly data: File | undefined;
  /** The files of the adapter that it goes on from. */
  readonly adapterFiles: readonly File[];
  readonly checkpoints: FileSystemDirectoryHandle;
  /** Of all its files. */
  readonly bytes: number;
}

/** A run that this version of the page cannot read. */
export interface ForeignRun extends Pick<StoredRun, 'id' | 'bytes'> {
  /** Whether its files are damaged, or gone; else another version of the page kept it. */
  readonly isDamaged: boolean;
}

async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return await root.getDirectoryHandle(RUNS, { create: true });
}

/** The files of a run's choices that are kept with it. */
export type FilesOfRun = Pick<TuningChoices, 'data' | 'adapter'>;

/** Makes room for a run, and gives the folder of its checkpoints. Rejects where nothing is kept. */
export async function storeRun(
  id: string,
  run: KeptRun,
  { data, adapter }: FilesOfRun,
): Promise<FileSystemDirectoryHandle> {
  const runs = await runsFolder();
  const folder = await runs.getDirectoryHandle(id, { create: true });
  try {
    if (data) await write(folder, DATA, data);
    if (adapter) {
      const beside = await folder.getDirectoryHandle(ADAPTER, { create: true });
      for (const file of adapter.place.files) await write(beside, file.name, file);
    }
    await write(folder, RECORD, JSON.stringify(run));
    return await folder.getDirectoryHandle(CHECKPOINTS, { create: true });
  } catch (error) {
    await removeRun(id);
    throw error;
  }
}

/** Names of all runs that are kept; some may not be whole. */
export async function storedIds(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of (await runsFolder()).keys()) names.push(name);
  return names;
}

/** Undefined of one that has neither a record nor a checkpoint: it was cut off as it began. */
export async function storedRun(id: string): Promise<StoredRun | ForeignRun | undefined> {
  const folder = await runFolder(id);
  const bytes = await bytesOf(folder).catch(() => 0); // another tab removes files there
  const record = await recordIn(folder);
  if (!record) return (await hasCheckpoint(folder)) ? { id, bytes, isDamaged: true } : undefined;
  try {
    const run = v.parse(keptRun, record.content);
    const data = run.data === undefined ? undefined : await fileOf(folder, DATA);
    return {
      ...{ id, bytes, run, data: data && new File([data], run.data ?? '') },
      adapterFiles: await adapterFiles(folder, run),
      checkpoints: await folder.getDirectoryHandle(CHECKPOINTS),
    };
  } catch {
    return { id, bytes, isDamaged: !v.is(laterRun, record.content) };
  }
}

const runFolder = async (id: string): Promise<FileSystemDirectoryHandle> =>
  await (await runsFolder()).getDirectoryHandle(id);

/** The folder of a run's checkpoints. Rejects with NotFoundError where the run is gone. */
export const checkpointsOf = async (id: string): Promise<FileSystemDirectoryHandle> =>
  await (await runFolder(id)).getDirectoryHandle(CHECKPOINTS);

/**
 * What a record says, undefined where that cannot be read. There is no record where it was made and
 * not filled: it gets its content at once.
 */
async function recordIn(
  folder: FileSystemDirectoryHandle,
): Promise<{ readonly content: unknown } | undefined> {
  try {
    const text = await (await fileOf(folder, RECORD)).text();
    return text === '' ? undefined : { content: JSON.parse(text) };
  } catch (error) {
    return isNotFound(error) ? undefined : { content: undefined };
  }
}

async function hasCheckpoint(folder: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    return (await lastCheckpoint(await folder.getDirectoryHandle(CHECKPOINTS))) !== undefined;
  } catch (error) {
    return !isNotFound(error);
  }
}

async function adapterFiles(
  folder: FileSystemDirectoryHandle,
  { adapter }: KeptRun,
): Promise<readonly File[]> {
  if (!adapter) return [];
  const beside = await folder.getDirectoryHandle(ADAPTER);
  return await Promise.all(adapter.files.map((name) => fileOf(beside, name)));
}

/** Removes a run, if there is one. */
export async function removeRun(id: string): Promise<void> {
  await removeIfThere(await runsFolder(), id);
}

async function fileOf(folder: FileSystemDirectoryHandle, name: string): Promise<File> {
  return await (await folder.getFileHandle(name)).getFile();
}

async function write(
  folder: FileSystemDirectoryHandle,
  name: string,
  content: Blob | string,
): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  await stream.write(content);
  await stream.close();
}

async function bytesOf(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const entry of folder.values())
    bytes += entry.kind === 'file' ? (await entry.getFile()).size : await bytesOf(entry);
  return bytes;
}
