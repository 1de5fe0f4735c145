import { flatLayout } from '../../autograd/flat-parameters.ts';
import { GradproofError } from '../../errors.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { StoredCodes } from '../../formats/hugging-face/coded-weights.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { wholeWords } from '../../gpu/memory.ts';
import { reachOf } from '../../gpu/reach.ts';
import type { LinearAdapter } from '../../models/llama/lora/adapted-linear.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { isTable, smallestPart } from '../../models/llama/row-parts.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { headBytes, keptBytes, valuesOfBlock } from '../../sheet/needs.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { STEPPED_AT_ONCE } from '../optimizer.ts';
import { type UpdateRule, updateRule } from '../update-rule.ts';
import {
  baseCodes,
  codedBytes,
  decodingBytes,
  isDecodedBelow,
  leftByCodes,
  roundsInputs,
} from './base-codes.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { halvesOf, NO_HALVES } from './halves-bytes.ts';
import { whyUnjudged } from './judged-work.ts';
import { adapterShapes, grownModel, linearAdapters, wholeShapes } from './open-model.ts';
import type { WorkersChoice } from './sharding-faults.ts';
import { BLOCK, largestOf, tracedBytes, undoneBytes } from './undone-bytes.ts';
import { visitingBytes } from './visiting-bytes.ts';

const FLOAT = 4;
/** Bytes of losses, shares and norms of a step. */
const TOLD = 256;
/** So many gradients, at least, share a partial norm. */
const NORMED = 128;
/** Bytes of a token's id, label and position. */
const READ = 3 * FLOAT;
/** Bytes of the numbers of a step under loss scaling. */
const RATES = 4 * FLOAT;
/** Bytes of the maps of moments in 8 bits. */
const MAPS = 2 * 256 * FLOAT;

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
  const { base, adapter, batchSize, accumulation, precision, packing, offload } = config;
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
  const ofAll = FLOAT * trainedFloats;
  const state = offload ? 0 : stateBytes(rule, trainedShapes, ofAll);
  // The rates of all steps, of what decays and of what does not.
  const groups = config.optimizer.weight_decay === 0 ? 1 : 2;
  const rates = precision === 'fp16' ? groups * RATES * (rule.scaled?.rateRows ?? 0) : 0;
  const trained = ofParameters * ofAll + partOfState * (ofAll + state) + rates;
  const frozen = offload === 'all' ? 0 : frozenBytes * partOfModel;
  const setup = {
    ...DEFAULT_SETUP,
    // What adapters leave is told of each by itself: patterns give them ranks of their own.
    rank: 0,
    ...{ context: length, batch: batchSize, checkpointing },
  };
  const tokens = batchSize * length;
  /** x A^T of each adapter. */
  const projected = new Map([...adapters].map(([name, { r }]) => [name, [tokens, r]] as const));
  const ofTokens =
    FLOAT * (tokens * droppedValues(model, config) + besideBase(model, adapters, tokens));
  const beside = ofTokens + FLOAT * leftByBase(model, adapters, coded, tokens);
  const halves =
    precision === 'fp32'
      ? NO_HALVES
      : halvesOf(model, {
          ...{ adapter, shapes, trained: trainedShapes, isDense },
          ...{ adapted: adapters.keys(), together, tokens },
        });
  const ofRanks = checkpointing ? 0 : FLOAT * sum([...projected.values()].map(sizeOf));
  const left = keptBytes(model, setup, checkpointing) + ofRanks + halves.ofHead;
  const held = checkpointing ? left : left + beside + halves.ofBlocks;
  const ofBlock =
    FLOAT * tokens * valuesOfBlock(model, setup.rank) +
    largestOf(projected, BLOCK) +
    beside / model.layers;
  const again = checkpointing ? ofBlock + halves.ofBlock : 0;
  // Where values are visitors, the head is computed again too.
  const headAgain = areVisitors
    ? headBytes(model, tokens).kept + FLOAT * tokens * model.hidden + halves.ofHead
    : 0;
  const besideHead = headAgain + halves.undoingHead;
  const isTraced = isJudged(model, config, length);
  const largestTrained = Math.max(...[...trainedShapes.values()].map(flatBytes));
  const atOnce = rule.ofShape ? largestTrained : Math.min(largestTrained, FLOAT * STEPPED_AT_ONCE);
  // What a stage of a judged update changes is there twice: all gradients, where they are clipped.
  // Their norm is told in any case.
  const ofStep = (1 + kept) * (offload || rule.ofShape ? atOnce : partOfState * ofAll);
  const ofStages = Math.max(ofStep, (config.maxGradNorm > 0 ? ofAll : 0) + ofAll / NORMED);
  const undone = isTraced
    ? again * model.layers + besideHead + tracedBytes(model, tokens) + ofTokens + ofAll + ofStages
    : undoneBytes(model, {
        ...{ tokens, trained: trainedShapes, left, again, besideHead },
        besideBlock: FLOAT * tokens * besideGradients(model, config) + halves.undoingLinear,
        // Those of weights that are cast come in halves.
        weightOfTrained: precision === 'fp32' ? 1 : 1.5,
      });
  // Gradients of micro-batches are added up, those of several workers on the host.
  const sums = accumulation > 1 && workers === 1 ? ofAll : 0;
  const masks = maskBytes(model, packing ? batchSize : 0, length);
  // In a judged step all of it; a parameter in its update.
  const visitors = new Map([
    ...frozenShapes.map(([name, shape]) => [name, bytesOf(name, shape)] as const),
    ...[...trainedShapes].map(([name, shape]) => [name, flatBytes(shape)] as const),
  ]);
  const ofUpdate = offload ? kept * atOnce + (offload === 'all' ? largestTrained : 0) : 0;
  const ofModel = isTraced ? sum([...visitors.values()]) + ofUpdate : visitingBytes(visitors);
  const visiting = Math.max(areVisitors ? ofModel : 0, ofUpdate);
  const made = held + undone + sums + masks + visiting + TOLD + READ * tokens;
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
    { name: 'the logits of a step', bytes: headBytes(model, tokens).logits },
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

/**
 * Bytes of what tokens see beside those before them, and of what that is made of: each of `packed`
 * rows has its own of texts, and through a window; rows of one text share that of the window.
 */
function maskBytes({ slidingWindow }: ModelConfig, packed: number, length: number): number {
  const hides = slidingWindow !== undefined && length > slidingWindow.tokens;
  // Which others each sees, and its position.
  const masks = (hides ? packed || 1 : 0) + packed;
  // Numbers of texts: those of the rows, and the model's own of a text alone.
  const numbers = packed + (slidingWindow ? 1 : 0);
  return length * (masks * (length + FLOAT) + numbers * FLOAT);
}

/** Bytes that the optimizer keeps of what is trained, which takes `floats` bytes in floats. */
function stateBytes(
  { state, ofShape, reads }: UpdateRule,
  trained: ReadonlyMap<string, Shape>,
  floats: number,
): number {
  if (!ofShape) return state.length * floats;
  const stored = [...trained.values()].flatMap((shape) => Object.values(ofShape(shape).kept));
  const maps = reads ? MAPS : 0;
  return (
    maps + sum(stored.map((one) => wholeWords(sizeOf(one.shape) * bytesPerElement(one.dtype))))
  );
}

/** Bytes of a parameter that lies among others. */
const flatBytes = (shape: Shape): number =>
  FLOAT * flatLayout(new Map([['', shape]]), Number.POSITIVE_INFINITY).length;

const isJudged = (
  model: ModelConfig,
  { judgeSteps, batchSize, accumulation }: LlamaTrainingConfig,
  length: number,
): boolean => judgeSteps > 0 && whyUnjudged(model, batchSize * accumulation, length) === undefined;

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
 * Gradients of one token that a linear with an adapter has beside those of its input and output: of
 * DoRA that of the output before it is rescaled, and behind dropout that of what was left.
 */
function besideGradients(model: ModelConfig, { adapter }: LlamaTrainingConfig): number {
  if (!adapter) return 0;
  const linears = blockLinears(model);
  return Math.max(
    ...[...linearAdapters(model, adapter)].map(([name, { use_dora, dropout }]) => {
      const [outputs = 0, inputs = 0] = linears.get(name) as Shape;
      return (use_dora ? outputs : 0) + (dropout ? inputs : 0);
    }),
  );
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
