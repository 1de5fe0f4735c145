import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../files.ts';
import { CHECKPOINTS } from './run-file.ts';

/** The folder that a run writes into: what was made of it goes again unless the run stays. */
export class RunFolder implements Disposable {
  readonly #path: string;
  /** The topmost folder that was not there. */
  readonly #made: string | undefined;
  readonly #hadRuns: boolean;
  #stays = false;

  /** Makes the folder. Throws UsageError. */
  constructor(path: string) {
    this.#path = resolve(path);
    this.#hadRuns = existsSync(join(path, CHECKPOINTS));
    this.#made = makeFolder('--out', path);
  }

  /** The run has something to keep. */
  stays(): void {
    this.#stays = true;
  }

  [Symbol.dispose](): void {
    if (this.#stays) return;
    if (!this.#hadRuns) rmSync(join(this.#path, CHECKPOINTS), { recursive: true, force: true });
    if (this.#made === undefined) return;
    const top = dirname(resolve(this.#made));
    for (let folder = this.#path; folder !== top; folder = dirname(folder))
      if (!isRemoved(folder)) return;
  }
}

/** Whether a folder was empty, and is gone. */
function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
