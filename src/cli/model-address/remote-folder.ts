import { quote } from '../../formats/format-error.ts';
import { INDEX, ONE_FILE, shardNames } from '../../formats/hugging-face/shards.ts';
import { type PartFile, partsOfBytes } from '../../formats/part-file.ts';
import { partsOfAddress } from '../../formats/served-file.ts';
import { type Asked, ask } from './ask.ts';
import { ModelServerError } from './model-server-error.ts';

/** How a server is asked. */
export type Asking = Pick<Asked, 'isLocalAllowed' | 'waitsMs'>;

/** Files of a model that are there or not; a server tells no list. */
const MAY_BE_THERE = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
];
const CONFIG = 'config.json';

/** A file that a server gives whole alone is taken up to so many bytes. */
const MOST_WHOLE = 2 ** 24;
/** Bytes of one request. */
const PIECE = 2 ** 23;

/** A file on a server. */
export interface RemoteFile extends PartFile {
  /** What the server calls this version of it, where it does. */
  readonly version: string | undefined;
}

/**
 * The files of a model on a server: config.json, the files of its tokenizer, and weights in one file
 * or those of the index; of the address of a `.gguf` file that one. Sizes are asked, and nothing else
 * is read but an index. Throws {@link ModelServerError} for what is not there, and for a server that
 * gives large files whole alone.
 */
export async function remoteFolder(
  address: URL,
  asking: Asking = {},
): Promise<ReadonlyMap<string, RemoteFile>> {
  const files = new Map<string, RemoteFile>();
  const take = async (name: string): Promise<RemoteFile | undefined> => {
    const file = await named(name, () => remoteFile(addressOf(address, name), asking));
    if (file) files.set(name, file);
    return file;
  };
  if (!address.pathname.endsWith('/')) {
    const name = decodeURIComponent(address.pathname.slice(address.pathname.lastIndexOf('/') + 1));
    const file = await named(name, () => remoteFile(address, asking));
    if (!file) throw missing(name);
    return new Map([[name, file]]);
  }
  if (!(await take(CONFIG))) throw missing(CONFIG);
  for (const name of MAY_BE_THERE) await take(name);
  if (await take(ONE_FILE)) return files;
  const index = await take(INDEX);
  if (!index) throw missing(`${ONE_FILE} or ${INDEX}`);
  // What the index names and is not there is told when the weights are read.
  for (const name of await shardNames(index)) await take(name);
  return files;
}

const missing = (name: string) =>
  new ModelServerError(
    `the server has no ${name} there: give the address of the folder with config.json, or of a .gguf file`,
  );

const addressOf = (folder: URL, name: string): URL => new URL(encodeURIComponent(name), folder);

async function named<T>(name: string, get: () => Promise<T>): Promise<T> {
  try {
    return await get();
  } catch (error) {
    if (!(error instanceof ModelServerError)) throw error;
    throw new ModelServerError(`${quote(name)}: ${error.message}`, { cause: error });
  }
}

/** A file of a server, read in pieces; undefined where there is none. */
async function remoteFile(url: URL, asking: Asking): Promise<RemoteFile | undefined> {
  const first = await ask(url, { ...asking, most: 1, headers: { range: 'bytes=0-0' } });
  if (first.status === 404 || first.status === 410) return undefined;
  const version = first.headers.get('etag') ?? undefined;
  if (first.status === 200) return await wholeFile(url, first, asking);
  if (first.status === 401 || first.status === 403)
    throw new ModelServerError(
      `the server answers ${first.status}: it gives this to its own users alone, and no key is sent`,
    );
  const total = /^bytes 0-0\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1];
  if (first.status !== 206 || total === undefined)
    throw new ModelServerError(
      `the server answers ${first.status} where its first byte is asked for`,
    );
  const bytes = Number(total);
  const { read } = partsOfAddress(url.href, bytes, {
    version,
    ask: (_, range, most) => ask(url, { ...asking, most, headers: { range } }),
  });
  return { bytes, version, read: async (start, end) => await inPieces(read, start, end) };
}

async function inPieces(read: PartFile['read'], start: number, end: number): Promise<Uint8Array> {
  if (end - start <= PIECE) return await read(start, end);
  const part = new Uint8Array(end - start);
  for (let at = start; at < end; at += PIECE)
    part.set(await read(at, Math.min(at + PIECE, end)), at - start);
  return part;
}

async function wholeFile(url: URL, first: Response, asking: Asking): Promise<RemoteFile> {
  const told = first.headers.get('content-length');
  if (told !== null && Number(told) > MOST_WHOLE)
    throw new ModelServerError(
      `the server gives files whole alone, and this one has ${told} bytes: use one that knows Range requests`,
    );
  const whole = await ask(url, { ...asking, most: MOST_WHOLE, whole: true });
  const bytes = new Uint8Array(await whole.arrayBuffer());
  return { ...partsOfBytes(bytes), version: first.headers.get('etag') ?? undefined };
}
