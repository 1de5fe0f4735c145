import type { CaseContext } from '../../testing/context.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { StepProfile } from '../../train/step-profile.ts';
import type { TrainMessage } from './messages.ts';

/** The trace of a training, where it was asked for. */
export class JobProfile {
  /** None before the training has ended. */
  files: readonly OutputFile[] = [];
  readonly #isWanted: boolean;

  constructor({ profile = false }: Pick<TrainMessage, 'profile'>) {
    this.#isWanted = profile;
  }

  /**
   * Trains with a profile, whose file is there however that ends. Throws TimestampError where the
   * device has no timestamps, before anything is trained.
   */
  async around(
    t: CaseContext,
    train: (profile: StepProfile | undefined) => Promise<void>,
  ): Promise<void> {
    if (!this.#isWanted) return await train(undefined);
    using profile = new StepProfile(t.gpu);
    try {
      await train(profile);
    } finally {
      const file = profile.file();
      t.artifact(file.name, file.data);
      this.files = [file];
    }
  }
}
