import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { quote } from '../formats/format-error.ts';
import { FolderPlaceError, type ServedFolder } from '../formats/hugging-face/folder-place.ts';
import { AddressedFolders } from './addressed-folders.ts';

/**
 * Gives the files of folders to the page of this server, part by part: each folder under an address
 * that no one can guess, and of the disk nothing else.
 */
export class FolderServer {
  /** Where their files lie, by name. */
  readonly #folders = new AddressedFolders<ReadonlyMap<string, string>>('folder');

  /**
   * Serves the files that lie in a folder, those in folders inside of it not; of the path of a file
   * that alone. Throws {@link FolderPlaceError} for a link that leads out of the folder.
   */
  async add(path: string): Promise<ServedFolder> {
    const paths = new Map<string, string>();
    const files: { name: string; bytes: number }[] = [];
    const isFile = (await stat(path)).isFile();
    const folder = isFile ? dirname(path) : path;
    const roots = await rootsOf(folder);
    for (const name of isFile ? [basename(path)] : (await readdir(path)).sort()) {
      const real = await realpath(join(folder, name));
      const found = await stat(real);
      if (!found.isFile()) continue;
      if (!roots.some((root) => real.startsWith(root + sep)))
        throw new FolderPlaceError(
          `${quote(name)} is a link that leads out of the folder, and a page is given nothing else: copy the file, or train with --runtime node`,
        );
      paths.set(name, real);
      files.push({ name, bytes: found.size });
    }
    return { kind: 'served', url: this.#folders.add(paths), files };
  }

  /** Where the file of an address lies; undefined of an address that is none. */
  pathOf(address: string): string | undefined {
    const found = this.#folders.at(address);
    return found?.folder.get(decoded(found.name));
  }
}

/** The folder; and of a snapshot in Hugging Face's cache, whose files are links, what they lead to. */
async function rootsOf(path: string): Promise<readonly string[]> {
  const real = await realpath(path);
  const above = dirname(real);
  return basename(above) === 'snapshots' ? [real, join(dirname(above), 'blobs')] : [real];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}

/**
 * Answers with a part of a file, or the whole of it where no part is asked for. Its version is told
 * with it, so that no two parts are of different ones.
 */
export async function sendPart(
  path: string,
  { headers, method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await using file = await openFile(path);
  if (!file) return void response.writeHead(404).end();
  const found = await file.stat();
  const { size } = found;
  const part = partOf(headers.range, size);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('etag', versionOf(found));
  if (!part) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  const { start, end } = part;
  response.writeHead(headers.range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    ...(headers.range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
  });
  if (method === 'HEAD' || end === start) return void response.end();
  // Who does not wait for the rest has broken off.
  await pipeline(file.createReadStream({ start, end: end - 1, autoClose: false }), response).catch(
    () => response.destroy(),
  );
}

/** A link in the place of the file, or no file any more, is none. */
const openFile = (path: string): Promise<FileHandle | undefined> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);

const versionOf = ({ ino, size, mtimeMs }: Stats): string => `"${ino}-${size}-${mtimeMs}"`;

/** The part that one range asks for, up to `end`; undefined where the file has none. */
function partOf(
  range: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  if (range === undefined) return { start: 0, end: size };
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined || Number(first) >= size) return undefined;
  const end = last ? Math.min(Number(last) + 1, size) : size;
  return Number(first) < end ? { start: Number(first), end } : undefined;
}
