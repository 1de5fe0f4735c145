import { flatLayout } from '../../autograd/flat-parameters.ts';
import { GradproofError } from '../../errors.ts';
import { EMBEDDINGS, HEAD, tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { StoredCodes } from '../../formats/hugging-face/coded-weights.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { wholeWords } from '../../gpu/memory.ts';
import { reachOf } from '../../gpu/reach.ts';
import type { LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { retrainedName, retrainedOf } from '../../models/llama/lora/retrained.ts';
import { isTable, smallestPart } from '../../models/llama/row-parts.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { headBytes, keptBytes } from '../../sheet/needs.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { STEPPED_AT_ONCE } from '../optimizer.ts';
import { updateRule } from '../update-rule.ts';
import {
  baseCodes,
  codedBytes,
  decodingBytes,
  isDecodedBelow,
  leftByCodes,
  roundsInputs,
} from './base-codes.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { whyUnjudged } from './judged-work.ts';
import { grownModel, linearAdapters, retrainedBeside, wholeShapes } from './open-model.ts';
import type { WorkersChoice } from './sharding-faults.ts';
import { visitingBytes } from './visiting-bytes.ts';

const FLOAT = 4;
/** Bytes of losses, shares and norms of a step. */
const TOLD = 64;

/** What a run takes of device memory, from shapes alone. Bytes. */
export interface LlamaForecast {
  /**
   * What stays as it is: the base, in codes where it is, and all that is not trained; of what lies
   * on the host nothing.
   */
  readonly frozen: number;
  /** Parameters that are trained, their gradients and what the optimizer keeps; but for the host's. */
  readonly trained: number;
  /** The most that a step holds besides, or the decoding of a table before the first one. */
  readonly step: number;
  readonly total: number;
  /** The largest tensor that a kernel binds as a whole: of a table that may lie in parts, the smallest one. */
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
 * Device memory of a run at its peak, of each worker where several share it: an upper estimate, made
 * before anything is allocated. `length` is that of the longest row, `stored` how a folder that a
 * library quantized has its weights.
 */
export function forecastLlama(
  given: ModelConfig,
  config: LlamaTrainingConfig,
  length: number,
  { workers, strategy }: WorkersChoice = { workers: 1, strategy: 'ddp' },
  stored: StoredCodes = new Map(),
): LlamaForecast {
  const whole = grownModel(given, config);
  const { grown: model } = whole;
  const shapes = tensorShapes(model);
  const { base, adapter, batchSize, precision, packing, offload } = config;
  // Values are there while they are used alone.
  const areVisitors = offload === 'all' || strategy === 'full_shard';
  const checkpointing = config.checkpointing || areVisitors;
  const coded = baseCodes(whole, base, stored);
  const codesOf = (name: string) =>
    name.endsWith('.weight') ? coded.get(layerOf(name)) : undefined;
  const bytesOf = (name: string, shape: Shape) => {
    const codes = codesOf(name);
    return codes ? codedBytes(codes, shape) : wholeWords(FLOAT * sizeOf(shape));
  };
  const adapters = adaptersOver(coded, model, adapter);
  const together = new Set([...adapters].flatMap(([name, { apart }]) => (apart ? [] : [name])));
  /** Whether a weight is there in floats while it is used. */
  const isDense = (name: string) => {
    const codes = codesOf(name);
    return !codes || (together.has(layerOf(name)) && isDecodedBelow(codes));
  };
  const trainedShapes = adapter ? adapterShapes(model, config) : wholeShapes(whole);
  const frozenShapes = [...shapes].filter(([name]) => !trainedShapes.has(name));
  const frozenBytes = sum(frozenShapes.map(([name, shape]) => bytesOf(name, shape)));
  // Parameter, gradient, and what the optimizer keeps of each.
  const rule = updateRule(config.optimizer, { name: 'constant' });
  const kept = rule.state.length;
  const trainedFloats = flatLayout(trainedShapes, Number.POSITIVE_INFINITY).length;
  const partOfState = strategy === 'ddp' ? 1 : 1 / workers;
  const partOfModel = strategy === 'full_shard' ? 1 / workers : 1;
  const ofParameters = offload === 'all' ? 0 : partOfModel;
  const ofUpdates = (1 + (offload ? 0 : kept)) * partOfState;
  const trained = (ofParameters + ofUpdates) * FLOAT * trainedFloats;
  const frozen = offload === 'all' ? 0 : frozenBytes * partOfModel;
  const setup = {
    ...DEFAULT_SETUP,
    rank: adapter?.rules.r ?? 0,
    ...{ context: length, batch: batchSize, checkpointing },
  };
  const tokens = batchSize * length;
  const trainsTied = model.tied && trainedShapes.has(EMBEDDINGS);
  const trainsHead = [HEAD, retrainedName(HEAD)].some((name) => trainedShapes.has(name));
  const head = headBytes(model, tokens, trainsTied || trainsHead);
  // Gradients of what a block left are there while it is undone, beside the gradient of the head.
  const block = keptBytes({ ...model, layers: 1, vocabulary: 0 }, setup, false);
  const widest = FLOAT * widestGradient(trainedShapes);
  const dropped = FLOAT * tokens * droppedValues(model, config);
  const beside =
    dropped +
    FLOAT * (besideBase(model, adapters, tokens) + leftByBase(model, adapters, coded, tokens));
  const held =
    keptBytes(model, setup, checkpointing) + (checkpointing ? beside / model.layers : beside);
  // The gradients of a table that head and embeddings share, beside their sum.
  const ofTied = trainsTied ? 3 * widest : 0;
  const undone = Math.max(Math.max(head.undone, 2 * block) + widest, ofTied);
  // Weights in floats are cast to halves for each product, and those stay as long as what it left.
  const cast = precision === 'fp32' ? 0 : castBytes(shapes, isDense);
  const judged = isJudged(model, config, length)
    ? judgedBytes(trainedFloats, kept, keptBytes(model, setup, false) + dropped + head.kept)
    : 0;
  // Of each token which others it sees, once more through a window; its text and its position.
  const masks = packing ? tokens * ((model.slidingWindow ? 2 : 1) * (length + FLOAT) + FLOAT) : 0;
  // In a judged step all of it; a parameter in its update.
  const visitors = new Map([
    ...frozenShapes.map(([name, shape]) => [name, bytesOf(name, shape)] as const),
    ...[...trainedShapes].map(([name, shape]) => [name, flatBytes(shape)] as const),
  ]);
  const largestTrained = Math.max(...[...trainedShapes.values()].map(flatBytes));
  const atOnce = rule.ofShape ? largestTrained : Math.min(largestTrained, FLOAT * STEPPED_AT_ONCE);
  const ofUpdate = offload ? kept * atOnce + (offload === 'all' ? largestTrained : 0) : 0;
  const ofModel = judged > 0 ? sum([...visitors.values()]) + ofUpdate : visitingBytes(visitors);
  const visiting = Math.max(areVisitors ? ofModel : 0, ofUpdate);
  const made = held + undone + cast + judged + masks + visiting + TOLD;
  // Tables are decoded while the folder is read, and go from the device where values are visitors.
  const tables = [...shapes].flatMap(([name, shape]) => {
    const codes = isTable(name) ? stored.get(name) : undefined;
    const own = areVisitors ? FLOAT * sizeOf(shape) : 0;
    return codes ? [decodingBytes(codes, shape) + own] : [];
  });
  const step = Math.max(made, ...tables);
  const boundBytes = (name: string, shape: Shape) =>
    isDense(name) ? wholeWords(FLOAT * sizeOf(shape)) : bytesOf(name, shape);
  const pieces = [
    { name: 'the logits of a step', bytes: head.logits },
    ...[...shapes].map(([name, shape]) => ({
      name,
      bytes: isTable(name) ? smallestPart(shape) : boundBytes(name, shape),
    })),
  ];
  return {
    ...{ frozen, trained, step, total: frozen + trained + step },
    largest: pieces.reduce((most, piece) => (piece.bytes > most.bytes ? piece : most)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0);

/** Bytes of a parameter that lies among others. */
const flatBytes = (shape: Shape): number =>
  FLOAT * flatLayout(new Map([['', shape]]), Number.POSITIVE_INFINITY).length;

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
function castBytes(shapes: ReadonlyMap<string, Shape>, isDense: (name: string) => boolean): number {
  return [...shapes]
    .filter(([name, shape]) => shape.length === 2 && isDense(name))
    .reduce((sum, [, shape]) => sum + 2 * sizeOf(shape), 0);
}

/** Throws {@link TooLargeError} where the adapter cannot bind the largest tensor of a run. */
export function requireRoom(
  { largest }: LlamaForecast,
  limits: Readonly<Record<string, number>>,
): void {
  const most = reachOf(limits);
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

/**
 * Numbers that adapters leave which are computed by products of their own, or have a bias added: of
 * each token the outputs of the base; of DoRA the norm of each row.
 */
function besideBase(model: ModelConfig, adapters: Adapters, tokens: number): number {
  const linears = blockLinears(model);
  return sum(
    [...adapters].map(([name, { apart, use_dora, lora_bias }]) => {
      const shape = linears.get(name) as Shape;
      const outputs = shape[0] ?? 0;
      const ofTokens = apart || use_dora || lora_bias ? tokens * outputs : 0;
      return ofTokens + (use_dora ? outputs : 0);
    }),
  );
}

/** Numbers that linears in codes leave, with adapters and without. */
function leftByBase(
  model: ModelConfig,
  adapters: Adapters,
  coded: ReturnType<typeof baseCodes>,
  tokens: number,
): number {
  const linears = blockLinears(model);
  return sum(
    [...coded].map(([name, codes]) => {
      const { apart = true, use_dora = false, dropout = 0 } = adapters.get(name) ?? {};
      const alone = apart || (use_dora && (dropout > 0 || roundsInputs(codes)));
      return leftByCodes(codes, linears.get(name) as Shape, { together: !apart, alone, tokens });
    }),
  );
}

/** How linears are adapted; none of them in a run without adapters. */
type Adapters = ReadonlyMap<string, LinearAdapter>;

/** The same over a base in codes: those over one that rounds x are computed apart from it. */
function adaptersOver(
  coded: ReturnType<typeof baseCodes>,
  model: ModelConfig,
  adapter: LlamaTrainingConfig['adapter'],
): Adapters {
  if (!adapter) return new Map();
  const roundsX = (name: string) => {
    const codes = coded.get(name);
    return codes !== undefined && roundsInputs(codes);
  };
  return new Map(
    [...linearAdapters(model, adapter)].map(([name, own]) => [
      name,
      { ...own, apart: own.apart || (!own.use_dora && roundsX(name)) } as LinearAdapter,
    ]),
  );
}

/** Numbers of the largest gradient of a table, or of what is trained itself beside adapters. */
const widestGradient = (trained: ReadonlyMap<string, Shape>): number =>
  Math.max(
    0,
    ...[...trained]
      .filter(([name]) => isTable(name) || retrainedOf(name) !== undefined)
      .map(([, shape]) => sizeOf(shape)),
  );

/** The tensors that adapters train, by the names of their layers; of a run without them none. */
export function adapterShapes(
  model: ModelConfig,
  { adapter }: LlamaTrainingConfig,
): ReadonlyMap<string, Shape> {
  if (!adapter) return new Map();
  const linears = blockLinears(model);
  const retrained = [...retrainedBeside(model, adapter)];
  return new Map([
    ...[...linearAdapters(model, adapter)].flatMap(([name, { r, use_dora, lora_bias }]) => {
      const [outputs = 0, inputs = 0] = linears.get(name) as Shape;
      return [
        [`${name}.lora_A`, [r, inputs]],
        [`${name}.lora_B`, [outputs, r]],
        ...(lora_bias ? [[`${name}.lora_bias`, [outputs]]] : []),
        ...(use_dora ? [[`${name}.magnitude`, [outputs]]] : []),
      ] as [string, Shape][];
    }),
    ...retrained.map(([name, { shape }]) => [retrainedName(name), shape] as const),
  ]);
}
