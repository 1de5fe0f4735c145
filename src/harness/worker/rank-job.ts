import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { type GroupPlace, groupPlaces, ProcessGroup } from '../../train/sharded/process-group.ts';
import type { Sharding, ShardingStrategy } from '../../train/sharded/sharded-update.ts';
import type { TuneMessage } from './messages.ts';
import type { WorkerHost } from './worker-host.ts';

/** What a rank but the first one is given of a fine-tuning. */
export interface RankJob extends Pick<TuneMessage, 'folder' | 'texts' | 'config' | 'saved'> {
  readonly place: GroupPlace;
  readonly strategy: ShardingStrategy;
  readonly tuned: readonly TuningRow[];
}

/**
 * How long ranks wait for one that says nothing: the first one judges steps and asks held-out
 * texts, and may be paused meanwhile. One that ends is noticed at once. Milliseconds.
 */
const SILENCE_MS = 1_800_000;

/** Starts the other ranks of a fine-tuning, and returns what this one shares with them. */
export function sharingRanks(
  { sharding, folder, texts, config, saved }: TuneMessage,
  { tuned }: Pick<Gpu, 'tuned'>,
  startRank: WorkerHost['startRank'],
): Sharding | undefined {
  if (!sharding || !startRank) return undefined;
  const { workers, strategy } = sharding;
  const [first, ...others] = groupPlaces(workers, { limitMs: SILENCE_MS });
  const job = { strategy, tuned, folder, texts, config, ...(saved ? { saved } : {}) };
  for (const place of others) startRank({ place, ...job });
  return { group: new ProcessGroup(first as GroupPlace), strategy };
}

/** Does the work of this rank, and lets the others know when it fails. */
export async function leaving(
  sharding: Sharding | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    sharding?.group.fail(error);
    throw error;
  } finally {
    sharding?.group[Symbol.dispose]();
  }
}

/** Trains as a rank that only takes part: it judges nothing and saves nothing. */
export async function runRank(
  group: ProcessGroup,
  { folder: place, texts, config, saved, strategy, tuned }: RankJob,
  {
    requestGpu,
    openFolder,
  }: { readonly requestGpu: () => Promise<Gpu> } & Pick<WorkerHost, 'openFolder'>,
): Promise<void> {
  using gpu = await requestGpu();
  gpu.tuned = tuned;
  const folder = await openFolder(place);
  const run = fineTuneLlama(
    gpu,
    {
      ...{ folder, model: await modelConfigIn(folder), texts, saved },
      ...{ config: { ...config, judgeSteps: 0 }, sharding: { group, strategy } },
    },
    { judge: async () => 0 },
  );
  for await (const _ of run);
}
