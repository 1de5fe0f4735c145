import type { Environment } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import {
  identityOf,
  type PlanHost,
  reportOf,
  type TrainingEventOf,
  type TrainingOutcome,
} from './held-training.ts';
import type { AnyProgress, TrainingKind } from './kind.ts';
import { PartialTraining } from './partial.ts';

/**
 * Follows a training run from outside of the tab that it runs in, so that its curves, and what it
 * has saved, outlive that.
 */
export class TrainingJournal<P extends AnyProgress> {
  readonly #host: PlanHost;
  readonly #kind: Pick<TrainingKind, 'name' | 'seed'>;
  readonly #listen: (event: TrainingEventOf<P>) => void;
  readonly #partial: PartialTraining;
  #environment: Environment | undefined;
  #saved: readonly OutputFile[] = [];

  constructor(
    host: PlanHost,
    kind: Pick<TrainingKind, 'name' | 'seed'>,
    listen: (event: TrainingEventOf<P>) => void,
  ) {
    this.#host = host;
    this.#kind = kind;
    this.#listen = listen;
    this.#partial = new PartialTraining(kind.name);
  }

  /** Takes what the run tells, and hands it on. */
  follow(event: TrainingEventOf<P>): void {
    if (event.type === 'environment') this.#environment = event.environment;
    else if (event.type !== 'end') this.#partial.add(event);
    if (event.type === 'saved') this.#saved = event.files;
    this.#listen(event);
  }

  /**
   * The report of a run that is lost; undefined when it had no device yet, so that there is nothing
   * to tell.
   */
  async lost(code: string, reason: string): Promise<TrainingOutcome | undefined> {
    if (!this.#environment) return undefined;
    const outcome = this.#partial.outcome('lost', code, reason);
    const identity = await identityOf(this.#host, this.#kind);
    const report = reportOf(identity, this.#environment, outcome, this.#listen, true);
    return { report, files: this.#saved };
  }
}
