import { messageOf } from '../../errors.ts';
import { isProgram, KIND_BYTES, kindOf } from '../file-kind.ts';
import { FormatError, quote } from '../format-error.ts';
import type { PartFile } from '../part-file.ts';
import { isJsonObject, parseJsonObject } from '../strict-json.ts';
import { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';

/** The files of a folder by their names in it. */
export type ModelFolder = ReadonlyMap<string, PartFile>;

/** Names that transformers gives weights in one file, and the list of several. */
export const ONE_FILE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
/** An index of a hundred thousand tensors has ten megabytes. */
const MOST_INDEX_BYTES = 2 ** 26;

/** Which files hold the weights. */
export interface Shards {
  readonly files: ModelFolder;
  /** The file of each tensor, where an index tells. */
  readonly index: ReadonlyMap<string, string> | undefined;
}

/**
 * The files with a folder's weights: `model.safetensors`, else those that
 * `model.safetensors.index.json` names, else the one file that is no text and begins as safetensors
 * do, whatever it is called. Throws {@link CheckpointError} for an index that is none, that names a
 * file outside of the folder or one that is missing, and where there are no weights; files that
 * hold some in another format are named.
 */
export async function shardsOf(folder: ModelFolder): Promise<Shards> {
  const whole = folder.get(ONE_FILE);
  if (whole) return { files: new Map([[ONE_FILE, whole]]), index: undefined };
  const index = folder.get(INDEX);
  return index ? shardsOfIndex(folder, await readIndex(index)) : otherWeights(folder);
}

const refuse = (code: CheckpointFault['code'], message: string) =>
  new CheckpointError([{ code, message }]);

async function readIndex(file: PartFile): Promise<ReadonlyMap<string, string>> {
  if (file.bytes > MOST_INDEX_BYTES)
    throw refuse('bad-index', `${INDEX} has ${file.bytes} bytes: an index has a few megabytes`);
  try {
    const bytes = file.bytes > 0 ? await file.read(0, file.bytes) : new Uint8Array();
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const map = parseJsonObject(text, 'the index')['weight_map'];
    if (!isJsonObject(map)) throw new FormatError('the index has no object weight_map');
    return new Map(
      Object.entries(map).map(([tensor, shard]) => {
        if (typeof shard === 'string') return [tensor, shard];
        throw new FormatError(`the index names no file for ${quote(tensor)}`);
      }),
    );
  } catch (error) {
    throw refuse('bad-index', `${INDEX}: ${messageOf(error)}`);
  }
}

const namesIn = (index: ReadonlyMap<string, string>) => [...new Set(index.values())].sort();
const isOutside = (name: string) => /[/\\]|^\.\.?$|^$/.test(name);

/** The names of shards by the index of a folder. Throws {@link CheckpointError} as `shardsOf`. */
export async function shardNames(index: PartFile): Promise<readonly string[]> {
  return namesIn(await readIndex(index)).filter((name) => !isOutside(name));
}

function shardsOfIndex(folder: ModelFolder, index: ReadonlyMap<string, string>): Shards {
  const names = namesIn(index);
  const outside = names.filter(isOutside);
  const missing = names.filter((name) => !outside.includes(name) && !folder.has(name));
  const lost = (shard: string) => [...index].find(([, each]) => each === shard)?.[0] ?? '';
  const faults = [
    ...outside.map((name): CheckpointFault => {
      const message = `${INDEX} points to ${quote(name)}, which is no file of this folder: all shards lie beside the index`;
      return { code: 'bad-index', message };
    }),
    ...missing.map((name): CheckpointFault => {
      const message = `the shard ${quote(name)} is missing, which holds ${quote(lost(name))}: give all files that the index names`;
      return { code: 'shard-missing', message };
    }),
  ];
  if (names.length === 0)
    faults.push({ code: 'bad-index', message: `${INDEX} names no tensor at all` });
  if (faults.length > 0) throw new CheckpointError(faults);
  return {
    files: new Map(names.map((name) => [name, folder.get(name) as PartFile])),
    index,
  };
}

/** Files that transformers writes beside weights, and people do. */
const IS_TEXT = /\.(json|txt|md|jinja|py|model|gitattributes)$|^\.|^LICENSE|^README/i;

/** Bytes that tell most formats. */
const MAGIC_BYTES = 8;

/** A file by its first bytes. */
interface Started {
  readonly name: string;
  readonly file: PartFile;
  readonly start: Uint8Array;
  readonly kind: string | undefined;
}

/** How the files begin that are no text. */
async function startsIn(folder: ModelFolder): Promise<readonly Started[]> {
  const others = [...folder].filter(([name, { bytes }]) => !IS_TEXT.test(name) && bytes > 0);
  return await Promise.all(
    others.map(async ([name, file]) => {
      const start = await file.read(0, Math.min(KIND_BYTES, file.bytes));
      return { name, file, start, kind: kindOf(start) };
    }),
  );
}

const isLikeSafetensors = ({ start, kind }: Started) => kind === undefined && start[8] === 0x7b;

/** Files of known formats in a folder whose weights are in none that is read, as {@link shardsOf} tells them. */
export async function unreadFormats(folder: ModelFolder): Promise<readonly UnreadFile[]> {
  if (folder.has(ONE_FILE) || folder.has(INDEX)) return [];
  const starts = await startsIn(folder);
  if (starts.some(isLikeSafetensors)) return [];
  return starts.flatMap(({ name, kind }) =>
    kind === undefined ? [] : [{ name, message: `${quote(name)} is ${kind}`, suggestion: UNREAD }],
  );
}

/** A file in another format than weights are read in. */
interface UnreadFile {
  readonly name: string;
  readonly message: string;
  readonly suggestion: string;
}

const UNREAD = 'it is not opened; save the model as safetensors with save_pretrained';

async function otherWeights(folder: ModelFolder): Promise<Shards> {
  const starts = await startsIn(folder);
  const alike = starts.filter(isLikeSafetensors);
  const [only] = alike;
  if (only && alike.length === 1)
    return { files: new Map([[only.name, only.file]]), index: undefined };
  if (alike.length > 1) {
    const names = alike.map(({ name }) => quote(name)).join(', ');
    throw refuse('no-weights', `${names} may each be the weights, and no ${INDEX} tells: add it`);
  }
  if (starts.length === 0)
    throw refuse(
      'no-weights',
      `the folder has neither ${ONE_FILE} nor ${INDEX}: save the model with save_pretrained`,
    );
  throw new CheckpointError(starts.map(otherFormat));
}

/** Why a file is not read as weights: by what it is, or how it begins. */
function otherFormat({ name, start, kind }: Started): CheckpointFault {
  if (kind !== undefined)
    return {
      code: isProgram(kind) ? 'pickle-unsafe' : 'no-weights',
      message: `${quote(name)} is ${kind}: ${UNREAD}`,
    };
  const bytes = Array.from(start.subarray(0, MAGIC_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const message = `${quote(name)} begins with ${bytes.join(' ')}, which no format of weights does: ${UNREAD}`;
  return { code: 'format-unknown', message };
}
