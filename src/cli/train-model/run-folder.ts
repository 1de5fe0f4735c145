import { makeFolder, removeMade } from '../files.ts';

/** The folder that a run writes into: what was made of it goes again where it stays empty. */
export class RunFolder implements Disposable {
  readonly #path: string;
  /** The topmost folder that was not there. */
  readonly #made: string | undefined;

  /** Makes the folder. Throws UsageError. */
  constructor(path: string) {
    this.#path = path;
    this.#made = makeFolder('--out', path);
  }

  [Symbol.dispose](): void {
    removeMade(this.#path, this.#made);
  }
}
