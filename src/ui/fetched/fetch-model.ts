import { hexOf } from '../../formats/hex.ts';
import { requireSum } from '../../formats/hugging-face/hash-error.ts';
import { modelFiles } from '../../formats/hugging-face/model-files.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { ModelServerError } from '../../formats/hugging-face/model-server-error.ts';
import {
  type AskServer,
  PIECE,
  type RemoteFile,
  remoteFolder,
} from '../../formats/hugging-face/remote-folder.ts';
import { Sha256 } from '../../formats/sha256-rounds.ts';
import type { FetchedModel } from './fetched-model.ts';
import { emptyModel, filesOfModel, finishModel, idOfAddress } from './model-storage.ts';
import type { ReachableAddress } from './reachable-address.ts';

/** A model that is kept, to be checked. */
export interface CheckedModel {
  readonly id: string;
  readonly model: FetchedModel;
}

/** How far a file is. */
export interface FetchProgress {
  readonly name: string;
  readonly done: number;
  readonly bytes: number;
}

/**
 * Brings the model of an address into the page's own storage, each file with its SHA-256; what is
 * wrong with the model is told before its weights come. Returns its id. Throws ModelServerError,
 * HashError for a file that has not the sum that its server tells, and as reading a folder does.
 */
export async function fetchModel(
  { address, asked }: ReachableAddress,
  tell: (progress: FetchProgress) => void,
): Promise<string> {
  const files = await remoteFolder(new URL(asked), askOwnServer);
  await modelConfigIn(await modelFiles(files));
  await requireRoom(files);
  const id = await idOfAddress(address);
  const folder = await emptyModel(id);
  const kept: FetchedModel['files'] = [];
  for (const [name, file] of files) kept.push(await keepFile(folder, name, file, tell));
  await finishModel(folder, { version: 1, address, files: kept });
  return id;
}

/** What the relay says is wrong is the whole answer. */
const askOwnServer: AskServer = async (url, { headers = {}, most }) => {
  const answer = await fetch(url, { headers, cache: 'no-store' }).catch(() => undefined);
  if (!answer)
    throw new ModelServerError('the server of this page does not answer: start it again');
  if (answer.status === 502) throw new ModelServerError(await answer.text());
  const isPart = answer.status === 206;
  if (!isPart || Number(answer.headers.get('content-length') ?? 0) <= most) return answer;
  await answer.body?.cancel();
  throw new ModelServerError(`the server gives more than the ${most} bytes that it should`);
};

async function requireRoom(files: ReadonlyMap<string, RemoteFile>): Promise<void> {
  const needed = [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const { quota, usage = 0 } = await navigator.storage.estimate();
  if (quota !== undefined && needed > quota - usage)
    throw new ModelServerError(
      `the model has ${needed} bytes, and this browser keeps ${quota - usage} more for this page: delete what is kept, or take a smaller model`,
    );
}

async function keepFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  file: RemoteFile,
  tell: (progress: FetchProgress) => void,
): Promise<FetchedModel['files'][number]> {
  const { bytes } = file;
  const hash = new Sha256();
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  try {
    tell({ name, done: 0, bytes });
    for (let at = 0; at < bytes; at += PIECE) {
      const end = Math.min(at + PIECE, bytes);
      const part = (await file.read(at, end)) as Uint8Array<ArrayBuffer>;
      hash.update(part);
      await stream.write(part);
      tell({ name, done: end, bytes });
    }
    await stream.close();
  } catch (error) {
    await stream.abort();
    throw error;
  }
  const sum = hexOf(hash.digest());
  requireSum(name, sum, file.sha256);
  return { name, bytes, sha256: sum };
}

/**
 * Whether the files of a model that is kept have the sums that they came with. Throws HashError for
 * the first that has not.
 */
export async function checkModel(
  { id, model }: CheckedModel,
  tell: (progress: FetchProgress) => void,
): Promise<void> {
  const files = await filesOfModel(id, model);
  for (const [i, { name, sha256 }] of model.files.entries()) {
    const file = files[i] as File;
    const hash = new Sha256();
    for (let at = 0; at < file.size; at += PIECE) {
      tell({ name, done: at, bytes: file.size });
      hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    }
    requireSum(name, hexOf(hash.digest()), sha256);
  }
}
