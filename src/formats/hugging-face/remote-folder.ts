import { quote } from '../format-error.ts';
import { type PartFile, partsOfBytes } from '../part-file.ts';
import { partsOfAddress } from '../served-file.ts';
import { ModelServerError } from './model-server-error.ts';
import { INDEX, ONE_FILE, shardNames } from './shards.ts';

/** What is asked of a server for a file. */
export interface AskedFile {
  /** With a `range` one part is asked for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the answer that are taken; more is a fault, and of a whole file none are read. */
  readonly most: number;
  /** Whether an answer of 200 is read. */
  readonly whole?: boolean;
}

/** Asks a server, as the host at hand does. Throws {@link ModelServerError}. */
export type AskServer = (address: URL, asked: AskedFile) => Promise<Response>;

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
export const MOST_WHOLE = 2 ** 24;
/** Bytes of one request. */
export const PIECE = 2 ** 23;

/** A file on a server. */
export interface RemoteFile extends PartFile {
  /** What the server calls this version of it, where it does. */
  readonly version: string | undefined;
  /** Its SHA-256, where the server tells it. */
  readonly sha256: string | undefined;
}

/**
 * The files of a model on a server: config.json, the files of its tokenizer, and weights in one file
 * or those of the index; of the address of a `.gguf` file that one. Sizes are asked, and nothing else
 * is read but an index. Throws {@link ModelServerError} for what is not there, and for a server that
 * gives large files whole alone.
 */
export async function remoteFolder(
  address: URL,
  ask: AskServer,
): Promise<ReadonlyMap<string, RemoteFile>> {
  const files = new Map<string, RemoteFile>();
  const take = async (name: string): Promise<RemoteFile | undefined> => {
    const file = await named(name, () => remoteFile(addressOf(address, name), ask));
    if (file) files.set(name, file);
    return file;
  };
  if (!address.pathname.endsWith('/')) {
    const name = decodeURIComponent(address.pathname.slice(address.pathname.lastIndexOf('/') + 1));
    const file = await named(name, () => remoteFile(address, ask));
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

/** Some servers take a range that ends with byte 0 for one without an end. */
const FIRST = { range: 'bytes=0-1', bytes: 2 } as const;

/** A file of a server, read in pieces; undefined where there is none. */
async function remoteFile(url: URL, ask: AskServer): Promise<RemoteFile | undefined> {
  const first = await ask(url, { most: FIRST.bytes, headers: { range: FIRST.range } });
  await first.body?.cancel();
  if (first.status === 404 || first.status === 410) return undefined;
  const version = first.headers.get('etag') ?? undefined;
  if (first.status === 200) return await wholeFile(url, first.headers, ask);
  if (first.status === 401 || first.status === 403)
    throw new ModelServerError(
      `the server answers ${first.status}: it gives this to its own users alone, and no key is sent`,
    );
  if (first.status !== 206)
    throw new ModelServerError(
      `the server answers ${first.status} where its first bytes are asked for`,
    );
  const range = first.headers.get('content-range');
  const total = /^bytes 0-[01]\/(\d+)$/.exec(range ?? '')?.[1];
  if (total === undefined)
    throw new ModelServerError(
      `the server gives ${quote(range ?? 'no content-range')} where bytes 0 to 2 are asked for: use one that knows Range requests`,
    );
  const bytes = Number(total);
  const sha256 = toldSum(first.headers);
  const { read } = partsOfAddress(url.href, bytes, {
    version,
    whatToDo: 'try again',
    ask: (_, range, most) => ask(url, { most, headers: { range } }),
  });
  return { bytes, version, sha256, read: async (start, end) => await inPieces(read, start, end) };
}

async function inPieces(read: PartFile['read'], start: number, end: number): Promise<Uint8Array> {
  if (end - start <= PIECE) return await read(start, end);
  const part = new Uint8Array(end - start);
  for (let at = start; at < end; at += PIECE)
    part.set(await read(at, Math.min(at + PIECE, end)), at - start);
  return part;
}

async function wholeFile(url: URL, headers: Headers, ask: AskServer): Promise<RemoteFile> {
  if (headers.get('content-type')?.startsWith('text/html'))
    throw new ModelServerError(
      'the server gives a web page: give the address of the files themselves, such as https://huggingface.co/OWNER/NAME',
    );
  const told = headers.get('content-length');
  if (told !== null && Number(told) > MOST_WHOLE)
    throw new ModelServerError(
      `the server gives files whole alone, and this one has ${told} bytes: use one that knows Range requests`,
    );
  const whole = await ask(url, { most: MOST_WHOLE, whole: true });
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const version = headers.get('etag') ?? undefined;
  return { ...partsOfBytes(bytes), version, sha256: toldSum(headers) };
}

/**
 * Where Hugging Face's hub tells the SHA-256 of a file that it keeps apart from git; of others it has
 * a sum of git's.
 */
export const LINKED_SUM = 'x-linked-etag';

const toldSum = (headers: Headers): string | undefined =>
  /^"([0-9a-f]{64})"$/.exec(headers.get(LINKED_SUM) ?? headers.get('etag') ?? '')?.[1];
