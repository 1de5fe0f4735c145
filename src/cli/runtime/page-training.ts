import { JoinedFiles } from '../../harness/headless/file-parts.ts';
import type { ToDriver } from '../../harness/headless/line.ts';
import type { TrainingEventOf, TrainingOutcome } from '../../harness/training/held-training.ts';
import { TrainingJournal } from '../../harness/training/journal.ts';
import type { AnyProgress, TrainingKind } from '../../harness/training/kind.ts';
import { planCases } from '../plan-cases.ts';
import { BrowserDiedError } from './browser-died.ts';

/** A training in a page, as the process follows it that drives the browser. */
export class PageTraining<P extends AnyProgress = AnyProgress> {
  readonly #journal: TrainingJournal<P>;
  readonly #saved = new JoinedFiles();

  private constructor(journal: TrainingJournal<P>) {
    this.#journal = journal;
  }

  static async of<P extends AnyProgress>(
    kind: TrainingKind,
    listen: (event: TrainingEventOf<P>) => void,
  ): Promise<PageTraining<P>> {
    return new PageTraining(new TrainingJournal({ cases: await planCases() }, kind, listen));
  }

  /** Takes what the page tells of it. */
  hear(message: ToDriver & { readonly type: 'training' | 'file' }): void {
    if (message.type === 'file') {
      this.#saved.add(message.part);
      return;
    }
    const { event } = message;
    const whole = event.type === 'saved' ? { ...event, files: this.#saved.files } : event;
    // The page tells the progress of the kind of training that it was asked for.
    this.#journal.follow(whole as TrainingEventOf<P>);
  }

  /** How it ends: as the page says, or with what is known of it where the browser died. */
  async outcome(inPage: Promise<TrainingOutcome>): Promise<TrainingOutcome> {
    try {
      const { report, files } = await inPage;
      return { report, files: [...this.#saved.files, ...files] };
    } catch (error) {
      const lost =
        error instanceof BrowserDiedError
          ? await this.#journal.lost(error.code, 'the browser or its tab ended')
          : undefined;
      if (!lost) throw error;
      return lost;
    }
  }
}
