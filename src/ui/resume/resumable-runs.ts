import { GradproofError } from '../../errors.ts';
import { isNotFound } from '../controls/not-found.ts';
import { Observable } from '../controls/observable.ts';
import { type FoundRun, foundRun } from './found-run.ts';
import type { KeptRun } from './kept-run.ts';
import { resumableWords } from './resumable.en.ts';
import { heldRuns, holdRun, type Release } from './run-lock.ts';
import {
  checkpointsOf,
  type FilesOfRun,
  type ForeignRun,
  removeRun,
  storedIds,
  storeRun,
} from './run-storage.ts';

/** A run that can go on where its last checkpoint is. */
export interface ResumableRun extends FoundRun {
  /** Whether another tab has it. */
  readonly isElsewhere: boolean;
}

/** Whether a run has made all its steps, so that its result alone is to be had. */
export const isComplete = ({ last, run }: Pick<FoundRun, 'last' | 'run'>): boolean =>
  last.step >= run.steps;

/** A run that this tab writes, and no other. */
export interface HeldRun {
  readonly checkpoints: FileSystemDirectoryHandle;
  /** Whether the browser keeps it until it is deleted, and not just while there is room. */
  readonly isLasting: boolean;
  /** Lets it go, once; one that is `done` is not kept. */
  readonly end: (done: boolean) => Promise<void>;
}

/** A run that cannot be had: another tab has it, or has removed it. */
class ResumeError extends GradproofError {
  constructor(code: 'run-elsewhere' | 'run-gone') {
    const { refusal, gone } = resumableWords();
    super(code, code === 'run-gone' ? gone : refusal);
  }
}

/** The runs of this browser that can be resumed, the latest first. */
export class ResumableRuns {
  readonly runs = new Observable<readonly ResumableRun[]>([]);
  /** Those that take room, and that this version of the page cannot read. */
  readonly foreign = new Observable<readonly ForeignRun[]>([]);
  /** That this tab holds. */
  readonly #own = new Set<string>();

  /** Looks what is there, and removes what has no checkpoint and no tab that could write one. */
  async load(): Promise<void> {
    try {
      const isHeld = await heldRuns();
      const ids = (await storedIds()).filter((id) => !this.#own.has(id));
      const all = await Promise.all(ids.map((id) => this.#found(id, isHeld(id))));
      const found = all.filter((run) => run !== undefined);
      this.runs.value = found
        .filter((run) => 'last' in run)
        .toSorted((a, b) => b.last.at.getTime() - a.last.at.getTime());
      this.foreign.value = found.filter((run) => 'isDamaged' in run);
    } catch {
      this.runs.value = []; // a private window keeps nothing
      this.foreign.value = [];
    }
  }

  async #found(id: string, isElsewhere: boolean): Promise<ResumableRun | ForeignRun | undefined> {
    const found = await foundRun(id);
    if (found && 'last' in found) return { ...found, isElsewhere };
    if (isElsewhere) return undefined;
    if (!found) await this.#sweep(id);
    return found;
  }

  /** Removes a run that has nothing to lose, unless another tab makes it or gave it a checkpoint. */
  async #sweep(id: string): Promise<void> {
    const release = await holdRun(id);
    if (!release) return;
    try {
      if (!(await foundRun(id))) await removeRun(id);
    } catch {
      // It is removed when the list is looked at next.
    } finally {
      await release();
    }
  }

  /** Keeps a run that begins; undefined where this browser keeps nothing. */
  async begin(run: KeptRun, files: FilesOfRun): Promise<HeldRun | undefined> {
    const id = crypto.randomUUID();
    try {
      const release = await holdRun(id);
      if (!release) return undefined;
      return await this.#held(id, release, () => storeRun(id, run, files));
    } catch {
      return undefined; // a private window, or no room
    }
  }

  /** Takes a run to go on with it. Throws {@link ResumeError}. */
  async resume({ id }: ResumableRun): Promise<HeldRun> {
    const release = await holdRun(id);
    if (!release) {
      await this.load();
      throw new ResumeError('run-elsewhere');
    }
    try {
      return await this.#held(id, release, () => checkpointsOf(id));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.load();
      throw new ResumeError('run-gone');
    }
  }

  /** A run as it is now; undefined where another tab has removed it. */
  async again({ id }: ResumableRun): Promise<ResumableRun | undefined> {
    await this.load();
    return this.runs.value.find((run) => run.id === id);
  }

  /** Throws {@link ResumeError}. */
  async remove(id: string): Promise<void> {
    const release = await holdRun(id);
    if (release) await removeRun(id).finally(release);
    await this.load();
    if (!release) throw new ResumeError('run-elsewhere');
  }

  async #held(
    id: string,
    release: Release,
    open: () => Promise<FileSystemDirectoryHandle>,
  ): Promise<HeldRun> {
    try {
      const checkpoints = await open();
      this.#own.add(id);
      await this.load();
      const isLasting = await navigator.storage.persist();
      return { checkpoints, isLasting, end: (done) => this.#end(id, release, done) };
    } catch (error) {
      this.#own.delete(id);
      await release();
      throw error;
    }
  }

  async #end(id: string, release: Release, done: boolean): Promise<void> {
    if (!this.#own.delete(id)) return;
    try {
      if (done) await removeRun(id);
    } finally {
      await release();
      await this.load();
    }
  }
}
