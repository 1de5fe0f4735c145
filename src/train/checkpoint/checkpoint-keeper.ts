import { GradproofError, messageOf } from '../../errors.ts';
import type { RunWorkers } from '../sharded/strategies.ts';
import type { CheckpointFolder } from './checkpoint-folder.ts';
import { CheckpointSchedule, type CheckpointScheduleOptions } from './checkpoint-schedule.ts';
import { readRunCheckpoint } from './read-run-checkpoint.ts';
import {
  checkpointName,
  type HeldoutAt,
  type RunCheckpoint,
  stepOfName,
} from './run-checkpoint.ts';
import { RunCheckpointError } from './run-checkpoint-error.ts';
import { writeRunCheckpoint } from './write-run-checkpoint.ts';

/** How many of the last checkpoints are kept. Default 2. */
const USUAL_KEPT = 2;

/** Where and when checkpoints are made, and how many stay. */
export interface CheckpointKeeperOptions extends CheckpointScheduleOptions {
  /** Of the last ones, beside the best. Default {@link USUAL_KEPT}. */
  readonly keep?: number | undefined;
  /** The engine that writes them, with its version. */
  readonly engine: string;
  /** Who makes the steps. Default one worker by itself. */
  readonly workers?: RunWorkers | undefined;
}

/** A checkpoint to go on from. */
export interface FoundCheckpoint {
  readonly checkpoint: RunCheckpoint;
  /** What is wrong with newer ones, a line each. */
  readonly broken: readonly string[];
}

/** What became of a checkpoint: how long it took in milliseconds, and its bytes or why there is none. */
export type KeptCheckpoint = { readonly ms: number } & (
  | { readonly bytes: number }
  | { readonly failure: string }
);

/** What a run may have to go back to, whatever the next steps bring. */
export interface WaysBack {
  /** The last ones up to this step stay, and those after it. */
  readonly safe: number;
  /** Besides, the newest up to the first of these steps up to which there is one. */
  readonly latest: readonly number[];
  /** Whether nothing seemed wrong after a step: what was kept where something did takes no place. */
  readonly isSound: (step: number) => boolean;
}

const isAny = (): boolean => true;

/**
 * Writes the checkpoints of one run into a folder. The last ones stay, and the best of those at whose
 * step a held-out loss was measured. Where one cannot be written, those before it stay.
 */
export class CheckpointKeeper {
  readonly engine: string;
  readonly workers: RunWorkers;
  readonly #folder: CheckpointFolder;
  readonly #keep: number;
  readonly #schedule: CheckpointSchedule;
  #best: HeldoutAt | undefined;
  /** Steps whose checkpoints were found not to be whole. */
  readonly #broken = new Set<number>();
  /** Steps whose checkpoints the run went back from. */
  readonly #left = new Set<number>();

  constructor(
    folder: CheckpointFolder,
    { keep = USUAL_KEPT, engine, workers = { workers: 1 }, ...timing }: CheckpointKeeperOptions,
  ) {
    this.engine = engine;
    this.workers = workers;
    this.#folder = folder;
    this.#keep = keep;
    this.#schedule = new CheckpointSchedule(timing);
  }

  /**
   * The newest checkpoint that is whole; undefined where the folder has none at all. Throws
   * {@link RunCheckpointError} of the newest where none is whole, or where it is of another version.
   */
  newest(): Promise<FoundCheckpoint | undefined> {
    return this.#newestUpTo(Number.POSITIVE_INFINITY, isAny);
  }

  async #newestUpTo(
    latest: number,
    isSound: WaysBack['isSound'],
  ): Promise<FoundCheckpoint | undefined> {
    const broken: string[] = [];
    let first: RunCheckpointError | undefined;
    const steps = (await this.#steps()).filter(
      (step) => step <= latest && !this.#left.has(step) && isSound(step),
    );
    for (const step of steps.toReversed()) {
      const name = checkpointName(step);
      try {
        return { checkpoint: await this.#read(name, step), broken };
      } catch (error) {
        if (!(error instanceof RunCheckpointError)) throw error;
        const named = new RunCheckpointError(error.fault, `${name}: ${error.message}`, {
          cause: error,
        });
        if (!error.isDamage) throw named;
        first ??= named;
        broken.push(named.message);
        this.#broken.add(step);
      }
    }
    if (first) throw first;
    return undefined;
  }

  /** Reads the checkpoint of a name, which has to be of the step that the name tells. */
  async #read(name: string, step: number): Promise<RunCheckpoint> {
    const checkpoint = await readRunCheckpoint(await this.#bytesOf(name));
    if (checkpoint.state.step !== step)
      throw new RunCheckpointError(
        'checkpoint-renamed',
        `the file was renamed: it is the checkpoint after step ${checkpoint.state.step}`,
      );
    return checkpoint;
  }

  async #bytesOf(name: string): Promise<Uint8Array> {
    try {
      return await this.#folder.read(name);
    } catch (error) {
      throw new RunCheckpointError(
        'checkpoint-unreadable',
        `the file cannot be read: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /**
   * Gives the newest checkpoint up to the first of these steps up to which there is one, as
   * {@link CheckpointKeeper.newest}, and goes on as if none after it were there; they are removed when
   * the next one is written.
   */
  async goBack(
    latest: WaysBack['latest'],
    isSound: WaysBack['isSound'] = isAny,
  ): Promise<FoundCheckpoint | undefined> {
    let found: FoundCheckpoint | undefined;
    for (const step of latest) found ??= await this.#newestUpTo(step, isSound);
    const to = found?.checkpoint.state.step ?? 0;
    for (const step of await this.#steps()) if (step > to) this.#left.add(step);
    return found;
  }

  /** The run begins after so many steps; the best before it is that of the checkpoint. */
  begin(step: number, best: HeldoutAt | undefined): void {
    this.#schedule.begin(step);
    this.#best = best;
  }

  /** Whether a checkpoint is due after `step` steps, and the held-out loss that was measured there. */
  isDue(step: number, heldout: number | undefined): boolean {
    return this.#schedule.isDue(step, this.#isBest(heldout));
  }

  /** What all checkpoints took of the time since the run began or went on. */
  get share(): number {
    return this.#schedule.share;
  }

  /**
   * Writes what `make` reads, after `step` steps. A folder that is full, or gone, is no error: once
   * it is tried again with less in it. Nor is a file that cannot be built. Throws what `make` throws.
   */
  async write(
    step: number,
    heldout: number | undefined,
    make: (best: HeldoutAt | undefined) => Promise<RunCheckpoint>,
    ways: WaysBack,
  ): Promise<KeptCheckpoint> {
    const best = this.#isBest(heldout) ? { step, loss: heldout as number } : this.#best;
    let bytes = 0;
    let failure: string | undefined;
    const ms = await this.#schedule.time(step, async () => {
      const checkpoint = await make(best);
      try {
        const file = await writeRunCheckpoint(checkpoint);
        bytes = file.length;
        await this.#store(step, file, best, ways);
      } catch (error) {
        if (error instanceof GradproofError && error.code === 'invariant') throw error;
        failure = messageOf(error);
      }
    });
    if (failure !== undefined) return { ms, failure };
    this.#best = best;
    return { ms, bytes };
  }

  #isBest(heldout: number | undefined): boolean {
    return heldout !== undefined && heldout < (this.#best?.loss ?? Number.POSITIVE_INFINITY);
  }

  /** Removes what is not needed any more after `step` steps. What cannot be removed now stays. */
  async settle(step: number, ways: WaysBack): Promise<void> {
    await this.#prune(step, this.#keep, this.#best, ways).catch(() => undefined);
  }

  /** Throws what the folder throws. */
  async #store(
    step: number,
    file: Uint8Array,
    best: HeldoutAt | undefined,
    ways: WaysBack,
  ): Promise<void> {
    const name = checkpointName(step);
    try {
      await this.#folder.replace(name, file);
    } catch {
      // There may be room without all but the last.
      await this.#prune(step, 1, this.#best, ways);
      await this.#folder.replace(name, file);
    }
    this.#broken.delete(step);
    this.#left.delete(step);
    await this.#prune(step, this.#keep, best, ways);
  }

  /**
   * Removes all up to `step` but the newest, the best, the last `keep` of those that are safe, and what
   * else the ways back need; and what is broken or was left. Where all was left, the newest stays.
   */
  async #prune(
    step: number,
    keep: number,
    best: HeldoutAt | undefined,
    { safe, latest, isSound }: WaysBack,
  ): Promise<void> {
    const steps = await this.#steps();
    const whole = steps.filter((each) => !this.#broken.has(each));
    const own = whole.filter((each) => each <= step && !this.#left.has(each));
    const sound = own.filter(isSound);
    const kept = new Set([
      own.at(-1) ?? whole.at(-1),
      best?.step,
      ...sound.filter((each) => each > safe),
      ...sound.filter((each) => each <= safe).slice(-keep),
      latest.flatMap((up) => sound.findLast((each) => each <= up) ?? [])[0],
    ]);
    for (const each of whole) if (!kept.has(each)) await this.#folder.remove(checkpointName(each));
    // What cannot be read cannot always be removed either.
    for (const each of steps)
      if (this.#broken.has(each))
        await this.#folder.remove(checkpointName(each)).catch(() => undefined);
  }

  async #steps(): Promise<readonly number[]> {
    const names = await this.#folder.names();
    return names
      .flatMap((name) => {
        const step = stepOfName(name);
        return step === undefined ? [] : [step];
      })
      .sort((a, b) => a - b);
  }
}
