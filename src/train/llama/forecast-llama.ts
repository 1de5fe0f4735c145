import { flatLayout } from '../../autograd/flat-parameters.ts';
import { GradproofError } from '../../errors.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { wholeWords } from '../../gpu/memory.ts';
import { quantizationPlan } from '../../models/llama/load.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { retrainedName } from '../../models/llama/lora/retrained.ts';
import { predictedBytes } from '../../quantizer/quantizer.ts';
import { keptBytes } from '../../sheet/needs.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { updateRule } from '../update-rule.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { whyUnjudged } from './judged-work.ts';
import {
  addedShapes,
  type GrownModel,
  grownModel,
  linearAdapters,
  policyOf,
  retrainedBeside,
} from './open-model.ts';

const FLOAT = 4;

/** What a run takes of device memory, from shapes alone. Bytes. */
export interface LlamaForecast {
  /** What stays as it is: the base, in codes where it is, and all that is not trained. */
  readonly frozen: number;
  /** Parameters that are trained, their gradients and what the optimizer keeps. */
  readonly trained: number;
  /** The most that a step holds besides. */
  readonly step: number;
  readonly total: number;
  /** The largest tensor, which a kernel binds as a whole. */
  readonly largest: { readonly name: string; readonly bytes: number };
}

/** The adapter cannot bind what a run needs. */
export class TooLargeError extends GradproofError {
  constructor(name: string, bytes: number, limit: number) {
    super(
      'too-large',
      `${name} takes ${bytes} bytes, and a kernel of this adapter reaches ${limit}: give a smaller max_length or per_device_train_batch_size, or a smaller model`,
    );
  }
}

/**
 * Device memory of a run at its peak: an upper estimate, made before anything is allocated. `length`
 * is that of the longest row.
 */
export function forecastLlama(
  given: ModelConfig,
  config: LlamaTrainingConfig,
  length: number,
): LlamaForecast {
  const whole = grownModel(given, config);
  const { grown: model } = whole;
  const shapes = tensorShapes(model);
  const { base, adapter, batchSize, checkpointing, precision, packing } = config;
  const plan = base
    ? quantizationPlan(model, { options: base.options, policy: policyOf(whole, base.skip) })
    : undefined;
  const bytesOf = (name: string, shape: Shape) => {
    const options = plan?.get(name.replace(/\.weight$/, ''));
    return options ? predictedBytes(options, shape) : wholeWords(FLOAT * sizeOf(shape));
  };
  const trainedShapes = adapter ? adapterShapes(model, config) : trainedWeights(whole, shapes);
  const frozen = [...shapes]
    .filter(([name]) => !trainedShapes.has(name))
    .reduce((sum, [name, shape]) => sum + bytesOf(name, shape), 0);
  // Parameter, gradient, and what the optimizer keeps of each.
  const kept = updateRule(config.optimizer, { name: 'constant' }).state.length;
  const trainedFloats = flatLayout(trainedShapes, Number.POSITIVE_INFINITY).length;
  const trained = (2 + kept) * FLOAT * trainedFloats;
  const setup = {
    ...DEFAULT_SETUP,
    method: base?.options.method ?? DEFAULT_SETUP.method,
    rank: adapter?.rules.r ?? 0,
    ...{ context: length, batch: batchSize, checkpointing },
  };
  const tokens = batchSize * length;
  const logits = FLOAT * tokens * model.vocabulary;
  // Gradients of what a block left are there while it is undone, beside the gradient of the head.
  const block = keptBytes({ ...model, layers: 1, vocabulary: 0 }, setup, false);
  const widest = trainsTable(trainedShapes) ? FLOAT * model.vocabulary * model.hidden : 0;
  const dropped = FLOAT * tokens * droppedValues(model, config);
  const held =
    keptBytes(model, setup, checkpointing) + (checkpointing ? dropped / model.layers : dropped);
  const undone = Math.max(logits, 2 * block) + widest;
  // Weights in floats are cast to halves for each product, and those stay as long as what it left.
  const cast = precision === 'fp32' ? 0 : castBytes(shapes, (name) => !plan?.has(name));
  const judged = isJudged(model, config, length)
    ? judgedBytes(trainedFloats, kept, keptBytes(model, setup, false) + dropped + logits)
    : 0;
  // Of each token which others it sees, once more through a window; its text and its position.
  const masks = packing ? tokens * ((model.slidingWindow ? 2 : 1) * (length + FLOAT) + FLOAT) : 0;
  const step = held + undone + cast + judged + masks;
  const pieces = [
    { name: 'the logits of a step', bytes: logits },
    ...[...shapes].map(([name, shape]) => ({ name, bytes: bytesOf(name, shape) })),
  ];
  return {
    ...{ frozen, trained, step, total: frozen + trained + step },
    largest: pieces.reduce((most, piece) => (piece.bytes > most.bytes ? piece : most)),
  };
}

const isJudged = (
  model: ModelConfig,
  { judgeSteps, batchSize, accumulation }: LlamaTrainingConfig,
  length: number,
): boolean => judgeSteps > 0 && whyUnjudged(model, batchSize * accumulation, length) === undefined;

/**
 * What a judged step keeps beside: all that forward left in the first place, as much again of its
 * gradients, the gradients of all parameters, and what every stage of the update got.
 */
const judgedBytes = (trainedFloats: number, kept: number, activations: number): number =>
  2 * activations + (3 + kept) * FLOAT * trainedFloats;

/** Halves of the matrices of linears and head. */
function castBytes(
  shapes: ReadonlyMap<string, Shape>,
  isDense: (module: string) => boolean,
): number {
  return [...shapes]
    .filter(([name, shape]) => shape.length === 2 && isDense(name.replace(/\.weight$/, '')))
    .reduce((sum, [, shape]) => sum + 2 * sizeOf(shape), 0);
}

/** Throws {@link TooLargeError} where the adapter cannot bind the largest tensor of a run. */
export function requireRoom(
  { largest }: LlamaForecast,
  limits: Readonly<Record<string, number>>,
): void {
  const { maxStorageBufferBindingSize = 0, maxBufferSize = 0 } = limits;
  const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (largest.bytes > most) throw new TooLargeError(largest.name, largest.bytes, most);
}

/**
 * Numbers of one token that dropout before adapters leaves: what is left of the input of each; of DoRA
 * what was dropped too, and the base of that and the sum by themselves.
 */
function droppedValues(model: ModelConfig, { adapter }: LlamaTrainingConfig): number {
  if (!adapter || adapter.dropout === 0) return 0;
  const linears = blockLinears(model);
  return [...linearAdapters(model, adapter)].reduce((sum, [name, { use_dora }]) => {
    const [outputs = 0, inputs = 0] = linears.get(name) as Shape;
    return sum + (use_dora ? 2 * (inputs + outputs) : inputs);
  }, 0);
}

/** Whether embeddings or head are trained, whose gradient is as large. */
const trainsTable = (trained: ReadonlyMap<string, Shape>): boolean =>
  ['model.embed_tokens.weight', 'lm_head.weight'].some(
    (name) => trained.has(name) || trained.has(retrainedName(name)),
  );

/** Weights that are trained themselves: those of added blocks, else all. */
const trainedWeights = (
  whole: GrownModel,
  shapes: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, Shape> => (whole.expansion ? addedShapes(whole) : shapes);

function adapterShapes(
  model: ModelConfig,
  { adapter }: LlamaTrainingConfig,
): ReadonlyMap<string, Shape> {
  if (!adapter) return new Map();
  const linears = blockLinears(model);
  const retrained = [...retrainedBeside(model, adapter)];
  return new Map([
    ...[...linearAdapters(model, adapter)].flatMap(([name, { r, use_dora }]) => {
      const [outputs = 0, inputs = 0] = linears.get(name) as Shape;
      return [
        [`${name}.lora_A`, [r, inputs]],
        [`${name}.lora_B`, [outputs, r]],
        ...(use_dora ? [[`${name}.magnitude`, [outputs]]] : []),
      ] as [string, Shape][];
    }),
    ...retrained.map(([name, { shape }]) => [retrainedName(name), shape] as const),
  ]);
}
