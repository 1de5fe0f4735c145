import { readRunCheckpoint } from '../../train/checkpoint/read-run-checkpoint.ts';
import type { RunCheckpoint } from '../../train/checkpoint/run-checkpoint.ts';
import { writeRunCheckpoint } from '../../train/checkpoint/write-run-checkpoint.ts';
import type { TrainingLoop } from '../../train/loop/training-loop.ts';

const NO_HASH = '0'.repeat(64);

/** What is said of a run that is of no folder and no texts. */
const NO_RUN: Omit<RunCheckpoint, 'state'> = {
  ...{ steps: 0, parameters: {}, tuned: [], history: [], engine: '' },
  subject: { model: NO_HASH, data: NO_HASH, config: {} },
  writtenAt: new Date(0).toISOString(),
};

/** The last checkpoint of a loop, as the file that a run would write. */
export class LoopCheckpoint {
  readonly #loop: TrainingLoop;
  #file = new Uint8Array();

  constructor(loop: TrainingLoop) {
    this.#loop = loop;
  }

  get bytes(): number {
    return this.#file.length;
  }

  async make(): Promise<void> {
    this.#file = await writeRunCheckpoint({ ...NO_RUN, state: await this.#loop.checkpoint() });
  }

  async resume(): Promise<void> {
    this.#loop.restore((await readRunCheckpoint(this.#file)).state);
  }
}
