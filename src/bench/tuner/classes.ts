import type { FloatStorage } from '../../gpu/float-storage.ts';
import type { Span, TuningRow } from '../../gpu/tuning.ts';
import { PRODUCT_VARIANTS } from '../../ops/matmul/tiles.ts';
import { launchers } from '../../ops/registry.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { normalsIn, wholes } from '../../testing/normals.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { convTranspose2d } from '../../vocabulary/conv/conv_transpose2d.ts';
import { conv1d } from '../../vocabulary/conv/conv1d.ts';
import { conv2d } from '../../vocabulary/conv/conv2d.ts';
import { topk } from '../../vocabulary/math/topk.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';
import { convolution } from '../works/convolutions.ts';
import { product as fourBitProduct } from '../works/four-bit.ts';

/** What is measured in place of a class of operands, and which rows of the table it decides. */
export interface TunedClass {
  readonly work: OpWork;
  /** The row without its variant. */
  readonly row: Omit<TuningRow, 'variant'>;
  /**
   * Whether the work is timed without its gradients, which are judged all the same: it is done by
   * far most often where nothing is trained. Default false.
   */
  readonly timesForward?: boolean;
}

/** Ops that have the variants of another, and are chosen by what it measured. */
function opsLike(variant: string): readonly string[] {
  return [...launchers.values()]
    .filter(({ variants }) => Object.hasOwn(variants, variant))
    .map(({ name }) => name);
}

/**
 * Products of so many rows; the tiles are those of every op that multiplies, but by 4-bit codes and
 * for windows of images, whose leading dimensions are no rows of a product.
 */
function product(m: number, rows: Span, dtype: FloatStorage = 'f32'): TunedClass {
  const [tile] = Object.keys(PRODUCT_VARIANTS) as [string];
  const matrix = (height: number) => operand([height, WIDTH], dtype, normalsIn(dtype));
  return {
    work: opWork({
      op: matmul,
      dtype,
      sizes: { m },
      group: 'products',
      flops: 3 * 2 * m * WIDTH * WIDTH,
      inputs: { a: matrix(m), b: matrix(WIDTH) },
      gives: { y: matrix(m) },
      wants: ['a', 'b'],
    }),
    row: { ops: opsLike(tile).filter((name) => !OTHERWISE.includes(name)), dtype, rows },
  };
}

/** Products of so many rows with a weight of 4-bit codes. */
function productOfCodes(rows: number, span: Span): TunedClass {
  const wants = ['x'] as const;
  const work = fourBitProduct({ rows, features: [WIDTH, WIDTH], blocksize: 64, wants });
  return { work, row: { ops: [work.op], dtype: 'f32', rows: span } };
}

function rowsOf(
  shape: readonly [number, number],
  row: Pick<TuningRow, 'rows' | 'width'>,
): TunedClass {
  return {
    work: opWork({
      op: softmax,
      sizes: { rows: shape[0], width: shape[1] },
      group: 'rows',
      flops: 8 * shape[0] * shape[1],
      inputs: { x: shape },
      gives: { y: shape },
      wants: ['x'],
    }),
    row: { ops: opsLike('row-per-workgroup'), dtype: 'f32', ...row },
  };
}

function largest(rows: number, width: number, span: Span): TunedClass {
  return {
    work: opWork({
      op: topk,
      sizes: { rows, width },
      group: 'rows',
      flops: rows * width,
      params: { k: 4 },
      inputs: { x: [rows, width] },
      gives: { values: [rows, 4] },
      // No variant decides how the gradient flows back.
    }),
    row: { ops: [topk.name], dtype: 'f32', rows: span },
  };
}

const FOUR_BIT = blockFormatOf('nf4').ops.multiply;
const CONVOLUTIONS = [conv1d.name, conv2d.name, convTranspose2d.name];
/** What multiplies by the tiles of products, and is measured by itself. */
const OTHERWISE = [FOUR_BIT.op, ...CONVOLUTIONS];
const WIDTH = 256;
const Q = [1, 4, 128, 64];
const LOGITS = [256, 1024] as const;
const LABELS = operand([LOGITS[0]], 'i32', (random, shape) => wholes(random, shape, LOGITS[1] - 1));

/** What fine-tuning multiplies: batches, in each type and by codes, and the low-rank sides of adapters. */
const BATCHES = product(256, [128]);
const BATCHES_BY_CODES = productOfCodes(256, [128]);
const BATCHES_IN_HALVES = (['f16', 'bf16'] as const).map((dtype) => product(256, [128], dtype));
const LOW_RANK = product(8, [2, 16]);
/** A sample is written byte by byte. */
const ONE_ROW: TunedClass = { ...product(1, [1, 1]), timesForward: true };
const LOSS: TunedClass = {
  work: opWork({
    op: crossEntropy,
    sizes: { rows: LOGITS[0], classes: LOGITS[1] },
    group: 'rows',
    flops: 8 * LOGITS[0] * LOGITS[1],
    params: { log_probs: false },
    inputs: { logits: LOGITS, labels: LABELS },
    gives: { loss: [1] },
    wants: ['logits'],
  }),
  row: { ops: [crossEntropy.name], dtype: 'f32' },
};

/**
 * Classes of operands by what they gain from a better choice, most first: measuring ends when its
 * time is spent. Each is judged, and mostly timed, with the gradients that its variant decides.
 */
export const CLASSES: readonly TunedClass[] = [
  BATCHES,
  BATCHES_BY_CODES,
  product(64, [17, 127]),
  LOW_RANK,
  {
    work: opWork({
      op: scaledDotProductAttention,
      sizes: { tokens: 128 },
      group: 'attention',
      flops: 3.5 * 4 * 4 * 128 * 128 * 64,
      inputs: { q: Q, k: Q, v: Q },
      gives: { y: Q },
      wants: ['q', 'k', 'v'],
    }),
    row: { ops: [scaledDotProductAttention.name], dtype: 'f32' },
  },
  {
    work: convolution({ kernel: 3, channels: [32, 64], side: 28 }, true),
    row: { ops: CONVOLUTIONS, dtype: 'f32' },
  },
  rowsOf([256, 1024], { rows: [64], width: [256] }),
  rowsOf([8, 2048], { rows: [1, 63], width: [256] }),
  rowsOf([1024, 64], { rows: [64], width: [1, 255] }),
  LOSS,
  ONE_ROW,
  ...BATCHES_IN_HALVES,
  { ...productOfCodes(1, [1, 1]), timesForward: true },
  largest(1024, 64, [64]),
  largest(4, 4096, [1, 63]),
];

/** Those of them that fine-tuning asks for, in the same order. */
export const TRAINING_CLASSES: readonly TunedClass[] = [
  ...[BATCHES, BATCHES_BY_CODES, LOW_RANK, LOSS, ONE_ROW],
  ...BATCHES_IN_HALVES,
];
