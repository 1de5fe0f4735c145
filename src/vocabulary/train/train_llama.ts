import * as v from 'valibot';
import { lossScaling } from '../optim/scale-growth.ts';
import { anything, float, index, type Known, notNegative, positive, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** What every training run of a Llama says; `readTrainLlama` reads the rest. */
export const llama = v.looseObject({
  mode: v.string(),
  config: v.looseObject({
    vocab: size,
    hidden: size,
    intermediate: size,
    layers: size,
    heads: size,
    kv_heads: size,
    rms_eps: notNegative,
    rope_theta: positive,
    /**
     * Whether the head has no weight and takes the embeddings; as LlamaConfig has it, where null is
     * no.
     */
    tie_word_embeddings: v.exactOptional(v.nullable(v.boolean())),
  }),
  steps: size,
  /** Micro-batches of a step. */
  grad_accum: v.exactOptional(size),
  /** `batch` where a step's loss is the mean of its micro-batches' means, and not of all labels. */
  accum_mean: v.exactOptional(v.string()),
  /** Steps, counted from 1, before which the whole state was recorded. */
  state_steps: v.exactOptional(v.pipe(v.array(size), v.readonly())),
  /** torch.amp.GradScaler's, where the loss is scaled. */
  grad_scaler: v.exactOptional(v.strictObject(lossScaling)),
  /** The dtype of torch.autocast, where products are computed under it. */
  autocast_dtype: v.exactOptional(v.picklist(['float16', 'bfloat16'])),
  /** Whether backward computes each block again, as transformers' option has it. */
  gradient_checkpointing: v.exactOptional(v.boolean()),
});
type Run = v.InferOutput<typeof llama>;

const perStep = float<Run>(({ params }) => [params.steps]);
const microBatches = ({ steps, grad_accum = 1 }: Run): number => steps * grad_accum;

/** A whole training run of a Llama. */
export const trainLlama = signature({ family: 'train', name: 'train_llama' }, llama, {
  inputs: {
    'base.*': anything,
    'lora0.*': anything,
    'q.*': anything,
    input_ids: index<Run>(({ params }, actual) => [microBatches(params), ...actual.slice(1)]),
    labels: index((known: Known<Run>) => known.shape('input_ids')),
  },
  outputs: {
    losses: perStep,
    grad_norms: perStep,
    lrs: perStep,
    /** The scale of the loss after each step. */
    scale: perStep,
    logits_step0: anything,
    'grad0.*': anything,
    'lora.*': anything,
    'final.*': anything,
    'state.*': anything,
  },
});
