import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readParityIndex } from '../formats/parity-index.ts';
import type { BundleFile } from '../harness/parity.ts';
import { listedBundle } from '../harness/recorded-set.ts';
import { PAGE_FOLDER } from './server.ts';

/**
 * Recordings that the page brings along, of the ops that are wanted, each checked against its index.
 * Throws FormatError about a bad index.
 */
export async function shippedBundles(
  isWanted: (op: string) => boolean,
  folder = join(PAGE_FOLDER, 'parity'),
): Promise<readonly BundleFile[]> {
  const index = readParityIndex(readFileSync(join(folder, 'INDEX.json'), 'utf8'));
  const wanted = index.cases.filter(({ op }) => isWanted(op));
  return Promise.all(
    wanted.map(({ name }) => {
      const path = join(folder, `${name}.safetensors`);
      return listedBundle(path, name, new Uint8Array(readFileSync(path)), index);
    }),
  );
}
