import { GradproofError } from '../../errors.ts';
import { Observable } from '../controls/observable.ts';
import type { KeptRun } from './kept-run.ts';
import { type LastCheckpoint, lastCheckpoint } from './last-checkpoint.ts';
import { resumableWords } from './resumable.en.ts';
import { heldRuns, holdRun, type Release } from './run-lock.ts';
import {
  type FilesOfRun,
  type ForeignRun,
  removeRun,
  type StoredRun,
  storedIds,
  storedRun,
  storeRun,
} from './run-storage.ts';

/** A run that can go on where its last checkpoint is. */
export interface ResumableRun extends StoredRun {
  readonly last: LastCheckpoint;
  /** Whether it goes on in another tab. */
  readonly isElsewhere: boolean;
}

/** A run that this tab writes, and no other. */
export interface HeldRun {
  readonly checkpoints: FileSystemDirectoryHandle;
  /** Whether the browser keeps it until it is deleted, and not just while there is room. */
  readonly isLasting: boolean;
  /** Lets it go, once: one that has made its last step is not kept. */
  readonly end: (isComplete: boolean) => Promise<void>;
}

/** A run that cannot be had: `run-elsewhere` while another tab has it. */
class ResumeError extends GradproofError {
  constructor() {
    super('run-elsewhere', resumableWords().refusal);
  }
}

/** The runs of this browser that can be resumed, the latest first. */
export class ResumableRuns {
  readonly runs = new Observable<readonly ResumableRun[]>([]);
  /** Those that take room, and that this version of the page cannot read. */
  readonly foreign = new Observable<readonly ForeignRun[]>([]);
  /** That this tab makes. */
  #own: string | undefined;

  /** Looks what is there, and removes what has no checkpoint and no tab that could write one. */
  async load(): Promise<void> {
    try {
      const isHeld = await heldRuns();
      const ids = (await storedIds()).filter((id) => id !== this.#own);
      const all = await Promise.all(ids.map((id) => this.#found(id, isHeld(id))));
      const found = all.filter((run) => run !== undefined);
      this.runs.value = found
        .filter((run) => 'last' in run)
        .toSorted((a, b) => b.last.at.getTime() - a.last.at.getTime());
      this.foreign.value = found.filter((run) => !('last' in run));
    } catch {
      this.runs.value = []; // a private window keeps nothing
      this.foreign.value = [];
    }
  }

  async #found(id: string, isElsewhere: boolean): Promise<ResumableRun | ForeignRun | undefined> {
    const stored = await storedRun(id);
    if (stored && !('run' in stored)) return isElsewhere ? undefined : stored;
    const last = stored && (await lastCheckpoint(stored.checkpoints));
    if (stored && last) return { ...stored, last, isElsewhere };
    const release = isElsewhere ? undefined : await holdRun(id);
    if (release) await removeRun(id).finally(release);
    return undefined;
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
  async resume({ id, checkpoints }: ResumableRun): Promise<HeldRun> {
    const release = await holdRun(id);
    if (!release) {
      await this.load();
      throw new ResumeError();
    }
    return await this.#held(id, release, async () => checkpoints);
  }

  /** Throws {@link ResumeError}. */
  async remove(id: string): Promise<void> {
    const release = await holdRun(id);
    if (release) await removeRun(id).finally(release);
    await this.load();
    if (!release) throw new ResumeError();
  }

  async #held(
    id: string,
    release: Release,
    open: () => Promise<FileSystemDirectoryHandle>,
  ): Promise<HeldRun> {
    try {
      const checkpoints = await open();
      this.#own = id;
      await this.load();
      const isLasting = await navigator.storage.persist();
      return { checkpoints, isLasting, end: (isComplete) => this.#end(id, release, isComplete) };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #end(id: string, release: Release, isComplete: boolean): Promise<void> {
    if (this.#own !== id) return;
    this.#own = undefined;
    if (isComplete) await removeRun(id);
    await release();
    await this.load();
  }
}
