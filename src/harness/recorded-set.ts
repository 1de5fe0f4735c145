import { FormatError } from '../formats/format-error.ts';
import { type ParityIndex, readParityIndex } from '../formats/parity-index.ts';
import { sha256 } from '../formats/sha256.ts';
import type { BundleFile } from './parity.ts';

const INDEX = 'INDEX.json';
const EXTENSION = '.safetensors';

/** A file as it was found: named by itself (`direct`), or in a folder. */
export interface FoundFile {
  /** Parts are separated by slashes; a bundle and its index have a folder in common. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly direct: boolean;
}

/** Whether a file can be a part of a set: a bundle, or the index of bundles. */
export function isOfSet(path: string): boolean {
  return path.endsWith(EXTENSION) || path.split('/').at(-1) === INDEX;
}

/**
 * The bundles among `files`, each with the day of the nearest index at or above it that lists it.
 * One in a folder whose bytes are not those that its index lists is not what was recorded: it is an
 * `error` case. So is one that the index of a folder lists and that is not there. A file that was
 * named by itself, or that no index lists, is replayed as it is and has no day. Throws FormatError
 * about a bad index.
 */
export async function bundlesOf(files: readonly FoundFile[]): Promise<readonly BundleFile[]> {
  const indexes = files.filter(({ path }) => path.split('/').at(-1) === INDEX).map(readIndex);
  const bundles = files.filter(({ path }) => path.endsWith(EXTENSION));
  const checked = bundles.map((file) => {
    const nearest = indexes
      .filter(({ folder }) => file.path.startsWith(folder))
      .sort((a, b) => b.folder.length - a.folder.length)[0];
    return nearest ? checkedBundle(file, nearest) : bundleOf(file);
  });
  const there = new Set(bundles.map(({ path }) => path));
  return [...(await Promise.all(checked)), ...indexes.flatMap((index) => missing(index, there))];
}

/**
 * A bundle that an index lists under `name`, the path from the index without extension: with its
 * day, or with what is wrong with its bytes.
 */
export async function listedBundle(
  path: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  index: ParityIndex,
): Promise<BundleFile> {
  const bundle: BundleFile = { name: path, bytes, direct: false };
  const listed = index.cases.find((one) => one.name === name);
  if (!listed) return bundle;
  if (listed.bytes !== bytes.byteLength || listed.sha256 !== (await sha256(bytes))) {
    const problem = `its ${bytes.byteLength} bytes are not the ${listed.bytes} that ${INDEX} lists with SHA-256 ${listed.sha256.slice(0, 12)}: fetch or record it again`;
    return { ...bundle, problem };
  }
  return listed.recorded ? { ...bundle, recorded: listed.recorded } : bundle;
}

interface FoundIndex {
  /** With a slash at its end, or empty. */
  readonly folder: string;
  readonly direct: boolean;
  readonly index: ParityIndex;
}

function readIndex({ path, bytes, direct }: FoundFile): FoundIndex {
  const folder = path.slice(0, -INDEX.length);
  try {
    return { folder, direct, index: readParityIndex(new TextDecoder().decode(bytes)) };
  } catch (error) {
    throw error instanceof FormatError
      ? new FormatError(`${folder}${error.message}`, { cause: error })
      : error;
  }
}

function bundleOf({ path, bytes, direct }: FoundFile): BundleFile {
  return { name: path, bytes, direct };
}

async function checkedBundle(file: FoundFile, { folder, index }: FoundIndex): Promise<BundleFile> {
  const listed = await listedBundle(
    file.path,
    file.path.slice(folder.length, -EXTENSION.length),
    file.bytes,
    index,
  );
  if (!file.direct) return listed;
  return listed.problem === undefined ? { ...listed, direct: true } : bundleOf(file);
}

/** What the index of a folder lists and the folder lacks. */
function missing(
  { folder, direct, index }: FoundIndex,
  there: ReadonlySet<string>,
): readonly BundleFile[] {
  if (direct) return [];
  const paths = index.cases
    .map(({ name }) => `${folder}${name}${EXTENSION}`)
    .filter((path) => !there.has(path));
  const problem = `${INDEX} lists it, and it is not there: fetch or record it again`;
  return paths.map((name) => ({ name, bytes: new Uint8Array(), direct: false, problem }));
}
