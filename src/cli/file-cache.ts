import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultCache } from '../harness/mutation/result-cache.ts';

/**
 * A cache that outlives the process, in a file of `folder`. Everything in it holds for one
 * `identity` alone: the file of another is removed. A line is a key and its value, written at once,
 * so that an interruption costs the last line at most.
 */
export function openFileCache(folder: string, identity: string): ResultCache {
  const name = `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.jsonl`;
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  for (const other of readdirSync(folder))
    if (other !== name) rmSync(join(folder, other), { recursive: true });
  const known = new Map(
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').flatMap(entryOf) : [],
  );
  return {
    get: (key) => known.get(key),
    set: (key, value) => {
      known.set(key, value);
      appendFileSync(file, `${JSON.stringify([key, value])}\n`);
    },
  };
}

function entryOf(line: string): [string, unknown][] {
  try {
    return [JSON.parse(line) as [string, unknown]];
  } catch {
    return []; // the end of the file, or a line that was cut
  }
}
