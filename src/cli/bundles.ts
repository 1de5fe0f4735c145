import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { BundleFile } from '../harness/parity.ts';
import { bundlesOf, type FoundFile, isOfSet } from '../harness/recorded-set.ts';
import { UsageError } from './exit.ts';
import { readInput } from './files.ts';

const INDEX = 'INDEX.json';

/**
 * Reads the bundles that `--parity` names: files as they are named, and all bundles inside folders,
 * each against the index beside or above it. Throws {@link UsageError}, and FormatError about a bad
 * index.
 */
export async function readBundles(paths: readonly string[]): Promise<readonly BundleFile[]> {
  const sets = paths.map((path) =>
    bundlesOf(
      statSync(path, { throwIfNoEntry: false })?.isDirectory() ? filesIn(path) : fileAt(path),
    ),
  );
  return (await Promise.all(sets)).flat();
}

/** A file that was named, and the index that may know its day. */
function fileAt(path: string): readonly FoundFile[] {
  return [foundFile(path, true), ...indexAbove(dirname(resolve(path)))];
}

/** What a folder holds, with the index above it where it has none. */
function filesIn(folder: string): readonly FoundFile[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    isOfSet(slashed(name)),
  );
  if (!names.some((name) => slashed(name) !== INDEX))
    throw new UsageError(`--parity ${folder}: the folder holds no bundle (*.safetensors)`);
  const files = names.sort().map((name) => foundFile(join(folder, name), false));
  return names.includes(INDEX) ? files : [...files, ...indexAbove(resolve(folder))];
}

/** The index of a folder or of the one above it: of what it lists, not all was asked for. */
function indexAbove(folder: string): readonly FoundFile[] {
  const place = [folder, dirname(folder)]
    .map((each) => join(each, INDEX))
    .find((file) => existsSync(file));
  return place === undefined ? [] : [foundFile(place, true)];
}

function foundFile(path: string, direct: boolean): FoundFile {
  return { path: slashed(resolve(path)), bytes: readInput('--parity', path), direct };
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}
