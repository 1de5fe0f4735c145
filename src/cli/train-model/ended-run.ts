import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stepOfName } from '../../train/checkpoint/run-checkpoint.ts';
import { RUN, SETTINGS } from './run-file.ts';

/** Below the folder of checkpoints. */
const ASIDE = 'ended';

/**
 * A run that has ended, whose place another takes: its files lie aside until that one has something
 * to keep, and else come back. Who calls holds the lock of the folder.
 */
export class EndedRun {
  readonly #place: string;
  readonly #aside: string;

  /** The run in `place`, a folder of checkpoints. */
  constructor(place: string) {
    this.#place = place;
    this.#aside = join(place, ASIDE);
  }

  /** Puts its files aside. What a killed process wrote beside those of before has nothing to keep. */
  putAside(): void {
    const isAside = existsSync(join(this.#aside, RUN));
    // The file by which they are known to be all there is the last.
    for (const name of filesIn(this.#place).reverse()) {
      if (isAside) rmSync(join(this.#place, name));
      else {
        mkdirSync(this.#aside, { recursive: true });
        renameSync(join(this.#place, name), join(this.#aside, name));
      }
    }
  }

  /** Puts them in place of what is there of the run that was to follow. */
  giveBack(): void {
    for (const name of filesIn(this.#place)) rmSync(join(this.#place, name));
    if (!existsSync(this.#aside)) return;
    for (const name of filesIn(this.#aside))
      renameSync(join(this.#aside, name), join(this.#place, name));
    rmdirSync(this.#aside);
  }

  /** Removes them: the run that follows stays. */
  forget(): void {
    // Without this one they are not all there, should a kill come in between.
    rmSync(join(this.#aside, RUN), { force: true });
    rmSync(this.#aside, { recursive: true, force: true });
  }
}

/** The files of a run, what it was begun with first. */
function filesIn(place: string): string[] {
  const isOfRun = (name: string) => name === SETTINGS || stepOfName(name) !== undefined;
  const names = readdirSync(place);
  return [...names.filter((name) => name === RUN), ...names.filter(isOfRun)];
}
