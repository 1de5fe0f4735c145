import { flatLayout } from '../autograd/flat-parameters.ts';
import { messageOf } from '../errors.ts';
import {
  type Architecture,
  linearsOf,
  tensorShapesOfBlock,
  vectorsOf,
} from '../formats/hugging-face/architecture.ts';
import { wholeWords } from '../gpu/memory.ts';
import { blockExpansion } from '../models/llama/block-expansion.ts';
import { logitsAtOnce } from '../models/llama/head-chunk.ts';
import { adamw8bitStorage } from '../ops/optim/adamw8bit_step.ts';
import { blockFormats } from '../quant/registry.ts';
import { predictedParts } from '../quantizer/quantizer.ts';
import { type SchemeOptions, schemeOf } from '../quantizer/registry.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { adamw8bitHyperparameters, isIn8bit } from '../vocabulary/optim/adamw8bit.ts';
import type { Setup, SheetOptimizer } from './setup.ts';

const FLOAT = 4;
const HALF = 2;

/** Something that is bound as a whole, or in pieces where it is too large. */
export interface Piece {
  readonly name: string;
  readonly bytes: number;
}

/** What fine-tuning takes of device memory, in bytes. */
export interface Needs {
  /**
   * Parts of the quantized linears, exactly; the tables of embeddings and head in 16 bits; norms
   * and biases in 32.
   */
  readonly weights: number;
  /** lora_A and lora_B of every linear of a block, or the blocks that are added, in 32 bits. */
  readonly adapters: number;
  /** Their gradients in 32 bits, and both moments. */
  readonly optimizer: number;
  /** The most that a step holds at once besides, where blocks are computed again or kept. */
  readonly activations: { readonly checkpointed: number; readonly whole: number };
  readonly total: number;
  /** What is bound: each must fit in a binding, or be split. */
  readonly pieces: readonly Piece[];
  /** Floating-point operations of one example, forward and backward. */
  readonly flopsOfExample: number;
}

/**
 * What `model` takes, from its shapes alone. Throws QuantizerError for a method that is not there;
 * what a method refuses, and blocks that find no place, are {@link refusalOf}'s to tell.
 */
export function needsOf(model: Architecture, asked: Setup): Needs {
  const { layers, hidden, vocabulary, tied } = model;
  const added = addedTo(model, asked);
  const grown = { ...model, layers: layers + added };
  const setup = added > 0 ? { ...asked, rank: 0 } : asked;
  const table = HALF * vocabulary * hidden;
  const linears = Object.entries(linearsOf(model)).map(([name, shape]) => ({
    name,
    parts: partsOf(name, shape, setup),
  }));
  const block = linears.flatMap(({ parts }) => parts).reduce((sum, { bytes }) => sum + bytes, 0);
  const weights =
    layers * (block + FLOAT * vectorsOf(model)) + FLOAT * hidden + (tied ? 1 : 2) * table;
  const shapes = trainedShapes(model, setup);
  const trained = added > 0 ? added : layers;
  const perBlock = flatFloats(shapes);
  const adapters = FLOAT * trained * perBlock;
  const optimizer = adapters + momentBytes(setup.optimizer, trained, shapes, perBlock);
  const activations = {
    checkpointed: activationBytes(grown, setup, true),
    whole: activationBytes(grown, setup, false),
  };
  const held = setup.checkpointing ? activations.checkpointed : activations.whole;
  return {
    ...{ weights, adapters, optimizer, activations },
    total: weights + adapters + optimizer + held,
    pieces: [
      { name: 'model.embed_tokens', bytes: table },
      ...(tied ? [] : [{ name: 'lm_head', bytes: table }]),
      ...linears.flatMap(({ parts }) => parts),
      // Their gradients, and moments in 32 bits, are as large.
      { name: added > 0 ? 'added blocks' : 'adapters', bytes: adapters },
      ...boundValues(model, setup),
    ],
    flopsOfExample: flopsOf(grown, setup, added),
  };
}

/**
 * Why the method takes some linear of the model not at all, or blocks that are added find no place;
 * undefined where all is taken.
 */
export function refusalOf(model: Architecture, setup: Setup): string | undefined {
  try {
    addedTo(model, setup);
  } catch (error) {
    return messageOf(error);
  }
  return Object.values(linearsOf(model))
    .map((shape) => schemeOf(schemeIn(setup), shape).refuses?.(shape))
    .find((why) => why !== undefined);
}

/** How many blocks are added. Throws ExpansionError where the share makes no even places. */
const addedTo = ({ layers }: Architecture, { expansion }: Setup): number =>
  expansion > 0 ? blockExpansion(layers, expansion).added.length : 0;

/** What is trained of a block, by name: its adapters, or all of a block that is added. */
const trainedShapes = (
  model: Architecture,
  { rank, expansion }: Setup,
): ReadonlyMap<string, Shape> =>
  expansion > 0 ? tensorShapesOfBlock(model) : adapterShapes(model, rank);

/**
 * Numbers of one token that a block leaves for its backward pass, as the engine's Llama computes it:
 * two norms with a statistic each, both projections back and both sums of the stream; the queries
 * projected, by heads, rotated, and what attention gives by heads and side by side, with two
 * statistics a head; keys and values alike; four of the feed-forward layer; x A^T of every adapter.
 * Qwen3's norms of heads are two more.
 */
export function valuesOfBlock(model: Architecture, rank: number): number {
  const { family, hidden, heads, kvHeads, headDim, intermediate } = model;
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  const headNorms = family === 'qwen3' ? queries + keys + heads + kvHeads : 0;
  const attention = 5 * queries + 5 * keys + 2 * heads + headNorms;
  return 6 * hidden + 2 + attention + 4 * intermediate + 7 * rank;
}

/** What the head and its loss hold, in bytes. */
interface HeadBytes {
  /** Logits that forward leaves: none where they go through chunks. */
  readonly kept: number;
  /** The most that is there besides while the head is undone. */
  readonly undone: number;
  /** Logits that are bound at once. */
  readonly logits: number;
}

/**
 * What the head and its loss hold of so many tokens. While whole logits are undone, there are as many
 * gradients, those of the head's input and four numbers of a token's loss. In chunks there are the
 * logits of one with their gradients, the text, label, target and loss of a token with four statistics,
 * and the sum of the input's gradients, beside the next one or the part of a chunk in the gradient of
 * a trained weight.
 */
export function headBytes(
  { hidden, vocabulary }: Pick<Architecture, 'hidden' | 'vocabulary'>,
  tokens: number,
  isTrained = false,
): HeadBytes {
  const { classes, areKept } = logitsAtOnce(tokens, vocabulary);
  const logits = FLOAT * tokens * classes;
  if (areKept) return { kept: logits, undone: logits + FLOAT * tokens * (hidden + 4), logits };
  const next = hidden * Math.max(tokens, isTrained ? classes : 0);
  return { kept: 0, undone: 2 * logits + FLOAT * (tokens * (hidden + 8) + next), logits };
}

/**
 * What the forward pass leaves for backward, in bytes: embeddings, the last norm with its statistic,
 * the logits where they are whole, and of each block all or, where blocks are computed again, the
 * result.
 */
export function keptBytes(model: Architecture, setup: Setup, checkpointing: boolean): number {
  const { layers, hidden } = model;
  const tokens = setup.batch * setup.context;
  const block = checkpointing
    ? tokens * hidden
    : tokens * valuesOfBlock(model, setup.rank) + decodedValues(model, setup);
  return FLOAT * (tokens * (2 * hidden + 1) + layers * block) + headBytes(model, tokens).kept;
}

/**
 * Gradients of one token that are there at once while a block is undone, at most: of its result and
 * of the sum within it, both of the stream, and of what the next op back takes and gives. The widest
 * is the gated product, with the gradients of both factors; else the input of gate and up, once of
 * each and added up, beside a factor's; attention's three inputs, by heads and before that; or the
 * input of queries, keys and values, added up as well.
 */
export function gradientsOfBlock(model: Architecture): number {
  const { hidden, heads, kvHeads, headDim, intermediate } = model;
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  return Math.max(
    2 * hidden + 3 * intermediate,
    5 * hidden + intermediate,
    3 * hidden + 2 * queries + 2 * keys,
    5 * hidden + queries + keys,
  );
}

/**
 * Gradients of one token that a block has in all, where none is freed: as many as values, but for
 * statistics and x A^T, and of the stream's those of both terms of each sum, of every linear that
 * reads it, and what these are added up to.
 */
export function tracedGradientsOfBlock(model: Architecture): number {
  const { hidden, heads, kvHeads, headDim, intermediate } = model;
  const headNorms = model.family === 'qwen3' ? (heads + kvHeads) * headDim : 0;
  return 16 * hidden + 5 * (heads + kvHeads) * headDim + headNorms + 4 * intermediate;
}

/**
 * The most that a step holds beside weights, adapters and optimizer. While the head is undone, that
 * of {@link headBytes} is there too. While the last block is, neither logits nor what the last norm
 * left, but the gradients of {@link gradientsOfBlock} and of what is trained of it; where it is
 * computed again, its values are there besides.
 */
function activationBytes(model: Architecture, setup: Setup, checkpointing: boolean): number {
  const kept = keptBytes(model, setup, checkpointing);
  const tokens = setup.batch * setup.context;
  const head = headBytes(model, tokens);
  const left = head.kept + FLOAT * tokens * model.hidden;
  const again = checkpointing
    ? tokens * valuesOfBlock(model, setup.rank) + decodedValues(model, setup)
    : 0;
  const ofBlock =
    again + tokens * gradientsOfBlock(model) + flatFloats(trainedShapes(model, setup));
  return kept + Math.max(head.undone, FLOAT * ofBlock - left);
}

/**
 * Floats of a block's weights that are decoded before their products, as all are beside an adapter
 * that no block format has: they stay as long as what the block leaves.
 */
function decodedValues(model: Architecture, { method }: Setup): number {
  if (blockFormats.has(method)) return 0;
  return Object.values(linearsOf(model)).reduce((sum, shape) => sum + sizeOf(shape), 0);
}

function partsOf(name: string, shape: Shape, setup: Setup): readonly Piece[] {
  return Object.entries(predictedParts(schemeIn(setup), shape)).map(([part, bytes]) => ({
    name: `${name}.${part}`,
    bytes: wholeWords(bytes),
  }));
}

/** What of a setup says how weights are quantized. */
const schemeIn = ({ method, quantZero, quantScale }: Setup): SchemeOptions => ({
  method,
  quantZero,
  quantScale,
});

function boundValues(model: Architecture, setup: Setup): readonly Piece[] {
  const tokens = setup.batch * setup.context;
  const largest = Math.max(...Object.values(linearsOf(model)).map(sizeOf));
  return [
    { name: 'logits', bytes: headBytes(model, tokens).logits },
    { name: 'activations', bytes: FLOAT * tokens * widestOf(model) },
    ...(decodedValues(model, setup) > 0 ? [{ name: 'decoded', bytes: FLOAT * largest }] : []),
  ];
}

/** Numbers of the widest value of a token within a block. */
const widestOf = ({ intermediate, hidden, heads, headDim }: Architecture): number =>
  Math.max(intermediate, hidden, heads * headDim);

/** Adapters of a block, by name. */
function adapterShapes(model: Architecture, rank: number): ReadonlyMap<string, Shape> {
  return new Map(
    Object.entries(linearsOf(model)).flatMap(([name, [outputs = 0, inputs = 0]]) => [
      [`${name}.lora_A`, [rank, inputs]],
      [`${name}.lora_B`, [outputs, rank]],
    ]),
  );
}

/** Floats of tensors that lie one behind the other; each begins where a view may. */
function flatFloats(shapes: ReadonlyMap<string, Shape>): number {
  return flatLayout(shapes, Number.POSITIVE_INFINITY).length;
}

/**
 * Both moments of AdamW. In 8 bits they are what the engine keeps of each tensor, beside two maps of
 * 256 floats that all share.
 */
function momentBytes(
  optimizer: SheetOptimizer,
  layers: number,
  shapes: ReadonlyMap<string, Shape>,
  perBlock: number,
): number {
  if (optimizer === 'adamw') return 2 * FLOAT * layers * perBlock;
  const hyperparameters = adamw8bitHyperparameters({});
  const bytesOf = (shape: Shape): number => {
    if (!isIn8bit(sizeOf(shape), {})) return 2 * FLOAT * sizeOf(shape);
    const stored = Object.values(adamw8bitStorage(shape, hyperparameters));
    return stored.reduce(
      (sum, part) => sum + wholeWords(sizeOf(part.shape) * bytesPerElement(part.dtype)),
      0,
    );
  };
  const ofBlock = [...shapes.values()].reduce((sum, shape) => sum + bytesOf(shape), 0);
  return layers * ofBlock + 2 * 256 * FLOAT;
}

/**
 * A product of a token with a frozen weight takes two operations a weight forward, two again where
 * the block is computed again, and two for the gradient of its input; of the head again where its
 * logits are not kept. Adapters have gradients of their own, two more, and so have the weights of
 * blocks that are added. Attention takes four operations a pair of tokens and number of the queries
 * forward, four again, and twice four backward.
 */
function flopsOf(
  model: Architecture,
  { rank, context, batch, checkpointing }: Setup,
  added: number,
): number {
  const { layers, hidden, vocabulary, heads, headDim } = model;
  const shapes = Object.values(linearsOf(model));
  const ofBlock = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const weights = layers * ofBlock;
  const adapters =
    layers * rank * shapes.reduce((sum, [outputs = 0, inputs = 0]) => sum + outputs + inputs, 0);
  const attention = layers * 4 * context * context * heads * headDim;
  const again = checkpointing ? 1 : 0;
  const headAgain = logitsAtOnce(batch * context, vocabulary).areKept ? 0 : 1;
  return (
    (2 + again) * 2 * context * weights +
    (3 + again) * 2 * context * adapters +
    2 * context * added * ofBlock +
    (2 + headAgain) * 2 * context * vocabulary * hidden +
    (3 + again) * attention
  );
}
