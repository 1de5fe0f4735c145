import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import type { RunSession } from '../run/run-session.ts';
import {
  forgetKnownFailures,
  type KnownFailures,
  keptKnownFailures,
  takeKnownFailures,
} from './known-failures.ts';

/** Failures that are not counted as wrong, if a file of them was given. */
export class KnownFailuresSession {
  readonly state = new Observable<KnownFailures | undefined>(undefined);
  readonly #run: RunSession;
  readonly #notice: Notice;

  /** Begins with the file that was kept on an earlier visit. */
  constructor(run: RunSession, notice: Notice) {
    this.#run = run;
    this.#notice = notice;
    keptKnownFailures().then((kept) => this.#know(kept));
  }

  /** Takes a file for this run and the next ones; a bad one is refused in one line. */
  async take(file: File): Promise<void> {
    await this.#notice.during(async () =>
      this.#know(await takeKnownFailures(file.name, await bytesOf(file, 'known'))),
    );
  }

  /** From here on every failure counts. */
  forget(): void {
    forgetKnownFailures();
    this.#know(undefined);
  }

  async #know(known: KnownFailures | undefined): Promise<void> {
    this.state.value = known;
    await this.#run.expect(known?.expectations ?? []);
  }
}
