import * as v from 'valibot';
import { sha256Hex } from '../../formats/fields.ts';
import { isJsonObject, type JsonObject } from '../../formats/strict-json.ts';
import { SHARDING_STRATEGIES } from '../sharded/strategies.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const finite = v.pipe(v.number(), v.finite());
/** JSON writes null for what is no finite number. */
const figure = v.pipe(
  v.nullable(finite),
  v.transform((x) => x ?? Number.NaN),
);
const shape = v.array(count);
const time = v.pipe(v.string(), v.isoTimestamp());
/** A record takes arrays too. */
const dictionary = <T extends v.GenericSchema>(value: T) =>
  v.pipe(v.custom<JsonObject>(isJsonObject), v.record(v.string(), value));
const span = v.union([v.strictTuple([count]), v.strictTuple([count, count])]);

/** A tuning table, as files keep it. */
export const TUNING_ROWS = v.array(
  v.strictObject({
    variant: v.string(),
    sizes: v.exactOptional(dictionary(finite)),
    ops: v.exactOptional(v.array(v.string())),
    lanes: v.exactOptional(v.picklist(['few', 'many'])),
    dtype: v.exactOptional(v.string()),
    rows: v.exactOptional(span),
    width: v.exactOptional(span),
  }),
);

const runWorkers = v.strictObject({
  workers: count,
  strategy: v.exactOptional(v.picklist(SHARDING_STRATEGIES)),
});

/** What stands in the header of a checkpoint, beside the tensors. */
export const CONTENTS = v.strictObject({
  step: count,
  steps: count,
  skipped: v.exactOptional(count),
  random: count,
  subject: v.strictObject({
    model: sha256Hex,
    data: sha256Hex,
    saved: v.exactOptional(sha256Hex),
    config: v.custom<JsonObject>(isJsonObject, 'must be an object'),
  }),
  parameters: dictionary(v.strictObject({ shape, offset: count })),
  tuned: TUNING_ROWS,
  engine: v.string(),
  madeBy: v.exactOptional(runWorkers),
  writtenAt: time,
  best: v.exactOptional(v.strictObject({ step: count, loss: finite })),
  tensors: dictionary(v.strictObject({ dtype: v.string(), shape, sha256: sha256Hex })),
});

export type Contents = v.InferOutput<typeof CONTENTS>;

/** What a run told, as a checkpoint keeps it. */
export const HISTORY = v.array(
  v.variant('type', [
    v.strictObject({
      type: v.literal('step'),
      step: count,
      epoch: finite,
      loss: figure,
      gradNorm: v.exactOptional(figure),
      learningRate: v.exactOptional(figure),
      tokens: count,
      tokensPerSecond: figure,
      ms: figure,
      bytes: count,
      peakBytes: count,
      peakBytesOfWorkers: v.exactOptional(v.array(count)),
      transferredBytes: v.exactOptional(count),
    }),
    v.strictObject({ type: v.literal('heldout'), step: count, loss: figure }),
    v.strictObject({ type: v.literal('judged'), step: count, boundUsed: figure }),
    v.strictObject({
      type: v.literal('restored'),
      ...{ step: count, at: time, writtenBy: v.exactOptional(v.string()) },
      workers: v.exactOptional(v.strictObject({ was: runWorkers, are: runWorkers })),
    }),
    v.strictObject({
      type: v.picklist(['lost', 'checkpoint-failed']),
      ...{ step: count, at: time, why: v.string() },
    }),
    v.strictObject({
      type: v.literal('skipped'),
      ...{ step: count, at: time, tensor: v.string(), index: v.array(count), count },
      lossScale: v.exactOptional(finite),
    }),
    v.strictObject({
      type: v.literal('rolled-back'),
      ...{ step: count, at: time, to: count, learningRate: finite },
      why: v.picklist(['nonfinite', 'exploded']),
    }),
    v.strictObject({
      type: v.literal('rank-lost'),
      ...{ step: count, at: time, to: count, rank: count, why: v.string() },
    }),
    v.strictObject({
      type: v.literal('halved'),
      ...{ step: count, at: time, to: count, batchSize: count, accumulation: count },
    }),
  ]),
);
