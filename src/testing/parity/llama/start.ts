import { FormatError } from '../../../formats/format-error.ts';
import { isDecayed } from '../../../formats/hugging-face/decay-parameters.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { layerRule, sizeOfAdapter } from '../../../models/llama/lora/targets.ts';
import { llamaConfigOf } from '../../../models/llama/model-config.ts';
import type { QuantizedWeight } from '../../../quant/weight.ts';
import { layerOf } from '../../../quantizer/kept-layers.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { record as loraLinear } from '../../../reference/lora/lora_linear.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { formatShape } from '../../../tensor/shape.ts';
import { frozenInputs } from '../../../vocabulary/lora/frozen-weight.ts';
import { IGNORED } from '../../../vocabulary/nn/loss.ts';
import { arithmeticOf, halvesOf } from './arithmetic.ts';
import { BundleValues, inFloat32 } from './bundle-values.ts';
import { type CodedByHqq, modulesInCodes, weightsInCodes } from './frozen-weights.ts';
import { recordedNames } from './names.ts';
import { retrainedIn, retrainedValues } from './retrained.ts';
import { linearsOf, modelOf, weightShapes } from './weights.ts';

/** A recorded run before its first step; of a base in HQQ also what the engine decodes. */
export interface StartedRun extends LlamaRun {
  readonly coded?: ReadonlyMap<string, CodedByHqq>;
}

/**
 * The run that a bundle records, as it is before its first step, in the float32 that the engine
 * gets. Throws FormatError when a weight is missing or does not fit, or a token is not in the
 * vocabulary.
 */
export function startOf(params: TrainLlamaParams, stored: StoredTensors): StartedRun {
  const { config, clip, optimizer, lr } = params;
  const tensors = new BundleValues('train_llama', stored);
  const input_ids = tokensOf(tensors, 'input_ids', config.vocab, []);
  const labels = tokensOf(tensors, 'labels', config.vocab, [IGNORED]);
  // The last block comes first, so that a count of blocks that the bundle has not costs nothing.
  tensors.value(`base.model.layers.${config.layers - 1}.input_layernorm.weight`);
  // A weight that is there as codes may be there as codes alone.
  const coded = modulesInCodes(tensors);
  const base = Object.fromEntries(
    [...weightShapes(config)].flatMap(([name, shape]) =>
      coded.has(layerOf(name)) && !tensors.has(`base.${name}`)
        ? []
        : [[name, tensors.value(`base.${name}`, shape)] as const],
    ),
  );
  const { betas, eps, weight_decay, momentum, dampening, nesterov } = params;
  const { blocksize, min_8bit_size, state_rounding, decay_after_step } = params;
  const { bias_correction, amsgrad, rho, momentum_decay, decoupled_weight_decay } = params;
  const { centered, alpha } = params;
  const { base: kind } = arithmeticOf(params.mode) ?? {};
  const { length: _, ...model } = llamaConfigOf(modelOf(config), 0);
  const parts = kind === 'trained' ? { trained: base, frozen: {} } : adapted(params, base, tensors);
  return {
    config: 'lm_head.weight' in parts.frozen ? { ...model, tie_word_embeddings: false } : model,
    clip: clip || Number.POSITIVE_INFINITY,
    scaler: params.grad_scaler,
    autocast: halvesOf(params),
    grad_accum: params.grad_accum,
    accum_mean: params.accum_mean as NonNullable<LlamaRun['accum_mean']>,
    checkpointing: params.gradient_checkpointing,
    schedule: given(params.schedule),
    ...(params.decay_parameters === 'trainer' ? { decays: isDecayed } : {}),
    input_ids,
    labels,
    optimizer: {
      // One that this version has: others are refused before.
      optimizer: optimizer as LlamaRun['optimizer']['optimizer'],
      lr,
      ...given({ betas, eps, weight_decay, momentum, dampening, nesterov }),
      ...given({ blocksize, min_8bit_size, state_rounding, decay_after_step }),
      ...given({ bias_correction, amsgrad, rho, momentum_decay, decoupled_weight_decay, centered }),
      // With adapters it is theirs, and RMSprop's is torch's default.
      ...(optimizer === 'rmsprop' && kind === 'trained' ? given({ alpha }) : {}),
    },
    ...parts,
  };
}

/** Without what is undefined: an absent parameter has its op's default. */
function given<T extends object>(params: T): { readonly [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  ) as never;
}

/** The base with its linears as they are stored, and the adapters. */
function adapted(
  params: TrainLlamaParams,
  base: Values,
  tensors: BundleValues,
): Pick<StartedRun, 'trained' | 'frozen' | 'adapter' | 'adapters' | 'coded'> {
  const { config, r = 1, alpha = 1, rank_pattern, alpha_pattern } = params;
  const { use_dora = params.use_dora ?? false, use_rslora = params.use_rslora ?? false } =
    arithmeticOf(params.mode) ?? {};
  const usual = { r, alpha, use_rslora, use_dora };
  const rules = { r, lora_alpha: alpha, rank_pattern, alpha_pattern };
  const isOfLayer = layerRule({ ...params, target_modules: params.targets });
  const adapters = new Map<string, typeof usual>();
  const { weights, coded } = weightsInCodes(params, tensors);
  const frozen: LlamaRun['frozen'] = { ...base, ...weights };
  const trained = new Map<string, Value>();
  for (const [name, [out, features]] of linearsOf(config)) {
    if (!tensors.has(`lora0.${name}.lora_A`)) continue;
    if (!isOfLayer(name))
      throw new FormatError(
        `train_llama: in.lora0.${name}.lora_A is of a block that layers_to_transform leaves out`,
      );
    const adapter = { ...usual, ...sizeOfAdapter(name, rules) };
    adapters.set(name, adapter);
    const lora = {
      lora_A: tensors.value(`lora0.${name}.lora_A`, [adapter.r, features]),
      lora_B: tensors.value(`lora0.${name}.lora_B`, [out, adapter.r]),
    };
    trained.set(`${name}.lora_A`, lora.lora_A).set(`${name}.lora_B`, lora.lora_B);
    if (!use_dora) continue;
    const recorded = recordedNames(`lora0.${name}.magnitude`).find((each) => tensors.has(each));
    const stored = frozenInputs(frozen[`${name}.weight`] as Value | QuantizedWeight<Value>);
    trained.set(
      `${name}.magnitude`,
      recorded === undefined
        ? norms({ ...(stored.tensors as Values), ...lora }, { ...adapter, ...stored.params })
        : tensors.value(recorded, [out]),
    );
  }
  const beside = retrainedValues(
    retrainedIn(modelOf(config), params, new Set(adapters.keys())),
    frozen,
    tensors,
  );
  return {
    adapter: usual,
    ...(rank_pattern || alpha_pattern ? { adapters } : {}),
    frozen: beside.frozen,
    trained: { ...Object.fromEntries(trained), ...beside.trained },
    ...(coded.size > 0 ? { coded } : {}),
  };
}

/** What PEFT starts DoRA's magnitudes from: the length of every row of the merged weight. */
function norms(
  inputs: Values & { readonly lora_A: Value; readonly lora_B: Value },
  params: NonNullable<LlamaRun['adapter']>,
): Value {
  const out = inputs.lora_B.shape[0] as number;
  // The lengths are the same for any rows that go in, and these are as wide.
  const x = inputs.lora_A;
  const magnitude = { shape: [out], data: new Float64Array(out) };
  return inFloat32(loraLinear.forward({ x, magnitude, ...inputs }, params)['norm'] as Value);
}

/** Tokens [steps, batch, length]; a recording may have one text of each step, [steps, length]. */
function tokensOf(
  tensors: BundleValues,
  name: string,
  vocab: number,
  others: readonly number[],
): Value {
  const { shape, data } = tensors.value(name);
  const [steps = 0, ...text] = shape;
  if (text.length < 1 || text.length > 2)
    throw new FormatError(
      `train_llama: in.${name} has shape ${formatShape(shape)}, which is neither [steps, batch, length] nor [steps, length]`,
    );
  const unknown = data.find((id) => !(id >= 0 && id < vocab) && !others.includes(id));
  if (unknown !== undefined)
    throw new FormatError(
      `train_llama: in.${name} holds ${unknown}, and the vocabulary has ${vocab} tokens`,
    );
  return { shape: text.length === 1 ? [steps, 1, ...text] : shape, data };
}
