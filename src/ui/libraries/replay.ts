import type { Router } from '../app/router.ts';
import { gatherFacts } from '../check/gather-facts.ts';
import { type Facts, isBlocked } from '../check/preflight.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import type { Observable } from '../controls/observable.ts';
import type { DroppedFile } from '../drop/dropped-files.ts';
import type { RunSession } from '../run/run-session.ts';
import { librariesWords } from './libraries.en.ts';
import type { Brought } from './recording-sets.ts';

/** Starts the replay of recordings, where that can be. */
export class Replay {
  readonly #router: Router;
  readonly #facts: Observable<Facts | undefined>;
  readonly #run: RunSession;
  readonly #notice: Notice;

  constructor(
    router: Router,
    facts: Observable<Facts | undefined>,
    run: RunSession,
    notice: Notice,
  ) {
    this.#router = router;
    this.#facts = facts;
    this.#run = run;
    this.#notice = notice;
  }

  /** Replays recordings that the page brings along. */
  async brought(brought: Brought): Promise<void> {
    if (await this.#can())
      await this.#notice.during(() =>
        this.#run.replayBrought(brought, this.#router.address.value.options),
      );
  }

  /** Replays recordings that were dropped; a bad one is refused in one line. */
  async files(files: readonly DroppedFile[]): Promise<void> {
    if (!(await this.#can())) return;
    await this.#notice.during(async () => {
      const found = files.map(async ({ path, file, direct }) => ({
        path,
        bytes: await bytesOf(file, 'recording'),
        direct,
      }));
      const { bundlesOf } = await import('../../harness/recorded-set.ts');
      const bundles = await bundlesOf(await Promise.all(found));
      await this.#run.replay(bundles, this.#router.address.value.options);
    });
  }

  /** Whether something can compute and nothing does; goes to the view that shows it. */
  async #can(): Promise<boolean> {
    this.#notice.value = isBlocked(this.#facts.value ?? (await gatherFacts()))
      ? librariesWords().cannotReplay
      : this.#run.busy
        ? librariesWords().runGoesOn
        : '';
    if (this.#notice.value !== '') return false;
    this.#router.go({ view: 'check' });
    return true;
  }
}
