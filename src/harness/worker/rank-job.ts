import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import type { RunStart } from '../../train/llama/llama-training.ts';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import { type GroupPlace, groupPlaces, ProcessGroup } from '../../train/sharded/process-group.ts';
import type { Sharding } from '../../train/sharded/sharded-update.ts';
import type { RankJob, TuneMessage } from './messages.ts';
import type { WorkerHost } from './worker-host.ts';

/**
 * How long ranks wait for one that says nothing: the first one judges steps and asks held-out
 * texts. While it is paused it says so; one that ends is noticed at once. Milliseconds.
 */
const SILENCE_MS = 1_800_000;

/** The ranks of a fine-tuning beside this one. */
export class OtherRanks implements Disposable {
  readonly #start: (place: GroupPlace, at: RunStart) => void;
  readonly #choice: WorkersChoice;
  readonly #silenceMs: number;
  #group: ProcessGroup | undefined;

  constructor(
    { folder, texts, config, saved }: TuneMessage,
    choice: WorkersChoice,
    gpu: Pick<Gpu, 'tuned'>,
    startRank: WorkerHost['startRank'],
    silenceMs = SILENCE_MS,
  ) {
    const job = { ...choice, folder, texts, config, ...(saved ? { saved } : {}) };
    this.#choice = choice;
    this.#silenceMs = silenceMs;
    this.#start = (place, at) => startRank({ place, tuned: gpu.tuned, ...job, ...at });
  }

  /** Starts them, and returns what this one shares with them. */
  readonly start = (at: RunStart): Sharding => {
    const { workers, strategy } = this.#choice;
    const [first, ...others] = groupPlaces(workers, { limitMs: this.#silenceMs });
    for (const place of others) this.#start(place, at);
    this.#group = new ProcessGroup(first as GroupPlace);
    return { group: this.#group, strategy };
  };

  /** Does the work of this rank, and lets the others know when it fails. */
  async leaving(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#group?.fail(error);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#group?.[Symbol.dispose]();
  }
}

/** How a rank reaches its device and the folder of the model. */
interface RankHost extends Pick<WorkerHost, 'openFolder'> {
  readonly requestGpu: () => Promise<Gpu>;
}

/**
 * Trains as a rank that only takes part: it judges nothing and saves nothing. Where it fails, the
 * other ranks are told.
 */
export async function serveRank(group: ProcessGroup, job: RankJob, host: RankHost): Promise<void> {
  try {
    await takePart(group, job, host);
  } catch (error) {
    group.fail(error);
  }
}

async function takePart(
  group: ProcessGroup,
  { folder: place, texts, config, saved, strategy, tuned, from, told }: RankJob,
  { requestGpu, openFolder }: RankHost,
): Promise<void> {
  using gpu = await requestGpu();
  gpu.tuned = tuned;
  const folder = await openFolder(place);
  const run = fineTuneLlama(
    gpu,
    {
      ...{ folder, model: await modelConfigIn(folder), texts, saved, from, told },
      ...{ config: { ...config, judgeSteps: 0 }, sharding: { group, strategy } },
    },
    { judge: async () => 0 },
  );
  for await (const _ of run);
}
