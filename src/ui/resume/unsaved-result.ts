import type { HeldRun } from './resumable-runs.ts';

/** The result of a run that a person does not have yet. */
interface Result {
  /** The id of the run. */
  readonly run: string;
  readonly held: HeldRun;
  /** Names of its files that were not saved. */
  readonly missing: Set<string>;
}

/**
 * The run of this tab that has made its last step: its checkpoints stay until a person has what it
 * trained, since a tab that ends takes all else with it.
 */
export class UnsavedResult {
  #result: Result | undefined;

  /** A run has ended, and left files of these names. */
  begin(run: string, held: HeldRun, files: readonly string[]): void {
    this.#result = { run, held, missing: new Set(files) };
  }

  /** Whether it is of this run. */
  isOf(held: HeldRun): boolean {
    return this.#result?.held === held;
  }

  /** A file of a run was handed to the browser, which tells no more; with the last one it is had. */
  async fileSaved(run: string, name: string): Promise<void> {
    const { missing } = this.#result ?? {};
    if (this.#result?.run === run && missing?.delete(name) && missing.size === 0)
      await this.had(run);
  }

  /** A person has what a run trained. */
  async had(run: string): Promise<void> {
    if (this.#result?.run === run) await this.drop();
  }

  /** The next run takes its place. */
  async drop(): Promise<void> {
    await this.#take()?.held.end(true);
  }

  /** It is not to be had here any more, and is offered as it was. */
  async giveBack(): Promise<void> {
    await this.#take()?.held.end(false);
  }

  #take(): Result | undefined {
    const result = this.#result;
    this.#result = undefined;
    return result;
  }
}
