import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as v from 'valibot';
import { requireSum } from '../../formats/hugging-face/hash-error.ts';
import type { RemoteFile } from '../../formats/hugging-face/remote-folder.ts';
import { UnfinishedFiles } from '../../harness/worker/unfinished-files.ts';
import { CACHE_FOLDER } from '../checkout.ts';

/** Where models of servers are kept, each in a folder of its own. */
const KEPT_MODELS = join(CACHE_FOLDER, 'models');

const ORIGIN = 'origin.json';
const keptFile = v.object({
  bytes: v.number(),
  version: v.optional(v.string()),
  sha256: v.string(),
});
const origin = v.object({ address: v.string(), files: v.record(v.string(), keptFile) });

/** Where a model came from, with the size and the SHA-256 of each file. */
export type Origin = v.InferOutput<typeof origin>;

/** The folder in which the model of an address is kept. */
export const placeOfAddress = (address: string, kept = KEPT_MODELS): string =>
  join(kept, createHash('sha256').update(address).digest('hex').slice(0, 16));

/** Bytes that are read at once. */
const PIECE = 2 ** 23;

/**
 * Brings the files of a model onto this disk, each with its SHA-256, unless they are there already:
 * of the same sizes and versions, and with the sum that they had. `tell` hears each file that is
 * fetched, and how much of it is there. Throws as reading does, and HashError for a file that has not
 * the sum that its server tells; files have their names when all of them are whole.
 */
export async function keepModel(
  address: string,
  files: ReadonlyMap<string, RemoteFile>,
  place: string,
  tell: (name: string, done: number, bytes: number) => void,
): Promise<Origin> {
  const kept = await keptOrigin(place);
  if (kept && isOf(kept, files) && (await isWhole(kept, place))) return kept;
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  try {
    return await fetched(address, files, place, tell);
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}

async function fetched(
  ...[address, files, place, tell]: Parameters<typeof keepModel>
): Promise<Origin> {
  const told: Record<string, v.InferOutput<typeof keptFile>> = {};
  await using out = new UnfinishedFiles(place);
  for (const [name, file] of files) {
    const { write } = await out.create(name);
    const hash = createHash('sha256');
    tell(name, 0, file.bytes);
    for (let at = 0; at < file.bytes; at += PIECE) {
      const end = Math.min(at + PIECE, file.bytes);
      const part = await file.read(at, end);
      hash.update(part);
      await write(part);
      tell(name, end, file.bytes);
    }
    const { bytes, version } = file;
    const sha256 = hex(hash);
    requireSum(name, sha256, file.sha256);
    told[name] = { bytes, ...(version === undefined ? {} : { version }), sha256 };
  }
  await out.finish();
  const made: Origin = { address, files: told };
  await writeFile(join(place, ORIGIN), `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

const hex = (hash: Hash): string => hash.digest('hex');

async function keptOrigin(place: string): Promise<Origin | undefined> {
  const path = join(place, ORIGIN);
  if (!existsSync(path)) return undefined;
  try {
    return v.parse(origin, JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // it is fetched again
  }
}

/** Whether the files on the server are still those that were kept. */
const isOf = ({ files: kept }: Origin, files: ReadonlyMap<string, RemoteFile>): boolean =>
  Object.keys(kept).length === files.size &&
  [...files].every(([name, { bytes, version }]) => {
    const own = kept[name];
    return own?.bytes === bytes && own.version === version;
  });

async function isWhole({ files }: Origin, place: string): Promise<boolean> {
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    const path = join(place, name);
    const size = (await stat(path).catch(() => undefined))?.size;
    if (size !== bytes) return false;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (hex(hash) !== sha256) return false;
  }
  return true;
}
