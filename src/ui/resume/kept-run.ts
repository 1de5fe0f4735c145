import * as v from 'valibot';
import { MODEL_FORM_NAMES } from '../../train/llama/saved-model/forms.ts';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';

/** A model that a person chose, whose files are on their disk. */
export const keptModel = v.object({ name: v.string(), isFile: v.boolean() });
export type KeptModel = v.InferOutput<typeof keptModel>;

/** What a run was started with, as it lies beside its checkpoints. */
export const keptRun = v.object({
  version: v.literal(1),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** Absent of the project's own. */
  model: v.optional(keptModel),
  /** Name of the file with the texts, which lies beside; absent of the project's own tales. */
  data: v.optional(v.string()),
  /** The adapter that it goes on from, whose files lie beside; absent of a new one. */
  adapter: v.optional(v.object({ name: v.string(), files: v.array(v.string()) })),
  settings: v.record(v.string(), v.unknown()),
  form: v.optional(v.picklist(MODEL_FORM_NAMES)),
  /** Workers that trained together; absent of one by itself. */
  sharding: v.optional(
    v.object({
      workers: v.pipe(v.number(), v.integer(), v.minValue(2)),
      strategy: v.picklist(SHARDING_STRATEGIES),
    }),
  ),
  /** Steps of the whole run. */
  steps: v.pipe(v.number(), v.integer()),
});
export type KeptRun = v.InferOutput<typeof keptRun>;

/** The record of a run that another version of the page keeps in another way. */
export const laterRun = v.object({ version: v.pipe(v.number(), v.notValue(1)) });
