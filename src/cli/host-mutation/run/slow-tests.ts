import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultCache } from '../../../harness/mutation/result-cache.ts';

/** `slow`: asked last; `too-slow`: met by no mutant. */
export type Pace = 'slow' | 'too-slow';

/**
 * Files of unit tests that took long as they stand now, in this run or in one before: to find it out
 * again would take as long.
 */
export class SlowTests {
  readonly #root: string;
  readonly #cache: ResultCache;
  readonly #keys = new Map<string, string>();

  constructor(root: string, cache: ResultCache) {
    this.#root = root;
    this.#cache = cache;
  }

  paceOf(file: string): Pace | undefined {
    return this.#cache.get(this.#keyOf(file)) as Pace | undefined;
  }

  note(file: string, pace: Pace): void {
    this.#cache.set(this.#keyOf(file), pace);
  }

  #keyOf(file: string): string {
    const known = this.#keys.get(file);
    if (known) return known;
    const text = readFileSync(join(this.#root, file));
    const key = `${file} ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    this.#keys.set(file, key);
    return key;
  }
}
