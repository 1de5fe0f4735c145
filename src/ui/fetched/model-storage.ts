import * as v from 'valibot';
import { sha256 } from '../../formats/sha256.ts';
import { removeIfThere } from '../controls/not-found.ts';
import { type FetchedModel, fetchedModel } from './fetched-model.ts';

/** The folder of the page's own storage (OPFS) that has one for each model. */
const MODELS = 'models';
const RECORD = 'origin.json';

/** A model as it is kept; without `model` it was cut off while it came. */
export interface StoredModel {
  readonly id: string;
  readonly model: FetchedModel | undefined;
  /** Of all that is there. */
  readonly bytes: number;
}

async function modelsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return await root.getDirectoryHandle(MODELS, { create: true });
}

/** The name of the folder of an address. */
export async function idOfAddress(address: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(address))).slice(0, 16);
}

/** An empty folder for a model. */
export async function emptyModel(id: string): Promise<FileSystemDirectoryHandle> {
  await removeModel(id);
  return await (await modelsFolder()).getDirectoryHandle(id, { create: true });
}

/** Says that all files of a model are whole. */
export async function finishModel(
  folder: FileSystemDirectoryHandle,
  model: FetchedModel,
): Promise<void> {
  const record = await folder.getFileHandle(RECORD, { create: true });
  const stream = await record.createWritable();
  await stream.write(JSON.stringify(model));
  await stream.close();
}

/** All models of this browser. */
export async function storedModels(): Promise<readonly StoredModel[]> {
  const found: StoredModel[] = [];
  for await (const entry of (await modelsFolder()).values())
    if (entry.kind === 'directory') found.push(await storedModel(entry));
  return found;
}

async function storedModel(folder: FileSystemDirectoryHandle): Promise<StoredModel> {
  let bytes = 0;
  for await (const entry of folder.values())
    if (entry.kind === 'file') bytes += (await entry.getFile()).size;
  return { id: folder.name, bytes, model: await recordOf(folder) };
}

async function recordOf(folder: FileSystemDirectoryHandle): Promise<FetchedModel | undefined> {
  try {
    const record = await (await folder.getFileHandle(RECORD)).getFile();
    const { success, output } = v.safeParse(fetchedModel, JSON.parse(await record.text()));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

/** The files of a model, read where they lie. */
export async function filesOfModel(id: string, { files }: FetchedModel): Promise<readonly File[]> {
  const folder = await (await modelsFolder()).getDirectoryHandle(id);
  return await Promise.all(
    files.map(async ({ name }) => await (await folder.getFileHandle(name)).getFile()),
  );
}

/** Deletes a model, if there is one. */
export async function removeModel(id: string): Promise<void> {
  await removeIfThere(await modelsFolder(), id);
}
