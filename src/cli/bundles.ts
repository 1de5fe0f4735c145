import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleFile } from '../harness/parity.ts';
import { UsageError } from './exit.ts';
import { readInput } from './files.ts';

const EXTENSION = '.safetensors';

/** Reads the bundles that `--parity` names: files as they are named, and all bundles inside folders. Throws {@link UsageError}. */
export function readBundles(paths: readonly string[]): readonly BundleFile[] {
  return paths.flatMap((path): BundleFile[] => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      return [{ name: path, bytes: readInput('--parity', path), direct: true }];
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(EXTENSION));
    if (files.length === 0) throw new UsageError(`--parity ${path}: the folder holds no bundle (*${EXTENSION})`);
    return files.sort().map((file) => ({ name: file, bytes: readInput('--parity', join(path, file)), direct: false }));
  });
}
