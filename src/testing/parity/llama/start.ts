import { FormatError } from '../../../formats/format-error.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { blockFormatOf } from '../../../quant/registry.ts';
import type { QuantizedWeight } from '../../../quant/weight.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { record as loraLinear } from '../../../reference/lora/lora_linear.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { frozenInputs } from '../../../vocabulary/lora/frozen-weight.ts';
import { IGNORED } from '../../../vocabulary/nn/loss.ts';
import { BundleValues, inFloat32 } from './bundle-values.ts';
import { linearsOf, weightShapes } from './weights.ts';

/**
 * The run that a bundle records, as it is before its first step, in the float32 that the engine
 * gets. Throws FormatError when a weight is missing or does not fit, or a token is not in the
 * vocabulary.
 */
export function startOf(params: TrainLlamaParams, stored: StoredTensors): LlamaRun {
  const { config, clip = Number.POSITIVE_INFINITY, optimizer, lr } = params;
  const tensors = new BundleValues('train_llama', stored);
  const input_ids = tokensOf(tensors, 'input_ids', config.vocab, []);
  const labels = tokensOf(tensors, 'labels', config.vocab, [IGNORED]);
  // The last block comes first, so that a count of blocks that the bundle has not costs nothing.
  tensors.value(`base.model.layers.${config.layers - 1}.input_layernorm.weight`);
  const base = Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => [name, tensors.value(`base.${name}`, shape)]),
  );
  const { betas, eps, weight_decay, momentum, dampening, nesterov } = params;
  return {
    config,
    clip,
    scaler: params.grad_scaler,
    autocast: params.autocast_dtype,
    grad_accum: params.grad_accum,
    checkpointing: params.gradient_checkpointing,
    schedule: given(params.schedule),
    input_ids,
    labels,
    optimizer: {
      // One that this version has: others are refused before.
      optimizer: optimizer as LlamaRun['optimizer']['optimizer'],
      lr,
      ...given({ betas, eps, weight_decay, momentum, dampening, nesterov }),
    },
    ...(params.mode === 'full' ? { trained: base, frozen: {} } : adapted(params, base, tensors)),
  };
}

/** Without what is undefined: an absent parameter has its op's default. */
function given<T extends object>(params: T): { readonly [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  ) as never;
}

/** The base with its linears in 4 bits where they are, and the adapters. */
function adapted(
  params: TrainLlamaParams,
  base: Values,
  tensors: BundleValues,
): Pick<LlamaRun, 'trained' | 'frozen' | 'adapter'> {
  const { config, quant, r = 1, alpha = 1, use_rslora = false, use_dora = false } = params;
  const adapter = { r, alpha, use_rslora, use_dora };
  const frozen = new Map<string, Value | QuantizedWeight<Value>>(Object.entries(base));
  const trained = new Map<string, Value>();
  for (const [name, [out, features]] of linearsOf(config)) {
    const inFourBits = tensors.has(`q.${name}.packed`);
    if (inFourBits) frozen.set(`${name}.weight`, quantized(name, [out, features], quant, tensors));
    if (!tensors.has(`lora0.${name}.lora_A`)) {
      if (inFourBits)
        throw new FormatError(
          `train_llama: ${name} is in 4 bits and has no in.lora0.${name}.lora_A`,
        );
      continue;
    }
    const lora = {
      lora_A: tensors.value(`lora0.${name}.lora_A`, [r, features]),
      lora_B: tensors.value(`lora0.${name}.lora_B`, [out, r]),
    };
    trained.set(`${name}.lora_A`, lora.lora_A).set(`${name}.lora_B`, lora.lora_B);
    if (!use_dora) continue;
    const recorded = tensors.has(`lora0.${name}.magnitude`);
    const weight = frozenInputs(frozen.get(`${name}.weight`) as Value | QuantizedWeight<Value>);
    trained.set(
      `${name}.magnitude`,
      recorded
        ? tensors.value(`lora0.${name}.magnitude`, [out])
        : norms({ ...(weight.tensors as Values), ...lora }, { ...adapter, ...weight.params }),
    );
  }
  return { adapter, frozen: Object.fromEntries(frozen), trained: Object.fromEntries(trained) };
}

/** The weight of a linear in 4 bits. Throws FormatError when the run does not say in which. */
function quantized(
  name: string,
  shape: Shape,
  quant: TrainLlamaParams['quant'],
  tensors: BundleValues,
): QuantizedWeight<Value> {
  if (!quant) throw new FormatError(`train_llama: ${name} is in 4 bits, and quant is not given`);
  const parts = {
    packed: tensors.value(`q.${name}.packed`),
    absmax: tensors.value(`q.${name}.absmax`),
  };
  return { format: blockFormatOf(quant.quant_type), blocksize: quant.blocksize, shape, parts };
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

/** Tokens [steps, batch, length]. */
function tokensOf(
  tensors: BundleValues,
  name: string,
  vocab: number,
  others: readonly number[],
): Value {
  const { shape, data } = tensors.value(name);
  if (shape.length !== 3)
    throw new FormatError(
      `train_llama: in.${name} has shape ${formatShape(shape)}, which is not [steps, batch, length]`,
    );
  const unknown = data.find((id) => !(id >= 0 && id < vocab) && !others.includes(id));
  if (unknown !== undefined)
    throw new FormatError(
      `train_llama: in.${name} holds ${unknown}, and the vocabulary has ${vocab} tokens`,
    );
  return { shape, data };
}
