import type { DType } from '../../../src/tensor/dtype.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../../src/tensor/shape.ts';

/** 16-bit words that a number close to normal is the sum of: their deviation is 1. */
const HALVES = 12;
/** What keeps the divisor of a heavy tail from zero. */
const TAIL = 2 ** -12;
const BLOCK = 64;
const ROW = 128;

/**
 * A word for an index, mixed by Wellons' lowbias32: sixteen million numbers take a second, as they
 * would not by Philox.
 */
function wordAt(index: number): number {
  let x = index | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Close to normal: twelve even draws added up, less 6. */
function normalAt(i: number, start = 0): number {
  const first = start + (i * HALVES) / 2;
  let sum = 0;
  for (let k = 0; k < HALVES / 2; k++) {
    const word = wordAt(first + k);
    sum += (word & 0xffff) + (word >>> 16);
  }
  return sum / 2 ** 16 - 6;
}

const weightAt = (i: number): number => 0.05 * normalAt(i);

/** Rows of 128 of their own kind: zeros, denormals, outliers, constants; the others are normal. */
function ofBlocks(i: number): number {
  const row = Math.floor(i / ROW);
  const column = i % ROW;
  const isFirst = column < BLOCK;
  const usual = weightAt(i);
  switch (row) {
    case 0:
      return 0;
    case 1:
      return usual * 2 ** -130;
    case 2:
      return column % 50 === 0 ? 1000 : usual;
    case 3:
      return column === 5 ? -1e6 : usual;
    case 4:
      return 0.375;
    case 5:
      return -3e-5;
    case 6:
      return isFirst ? 0.1 : 0;
    case 7:
      return isFirst ? usual * 2 ** -130 : usual;
    default:
      return usual;
  }
}

/** The element at an index of a weight of so many. */
type ElementAt = (i: number, count: number) => number;

const KINDS: Readonly<Record<string, ElementAt>> = {
  normal: weightAt,
  activations: (i) => normalAt(i, 2 ** 30),
  /** Over an even draw, so that one in a thousand is a thousand times as large as usual. */
  heavy: (i) => weightAt(i) / (wordAt(2 ** 31 + i) / 2 ** 32 + TAIL),
  /** Every third block of 64 is zeros, and so is the last. */
  'zero-blocks': (i, count) => {
    const block = Math.floor(i / BLOCK);
    return block % 3 === 1 || block === Math.floor((count - 1) / BLOCK) ? 0 : weightAt(i);
  },
  blocks: ofBlocks,
};

/**
 * A weight of that kind, number for number what the bridge draws
 * (`bridge/src/gradproof_bridge/goldens/weights.py`). Throws TypeError for a kind that is not one.
 */
export function drawnWeight(kind: string, dtype: DType, shape: Shape): HostTensor {
  const at = KINDS[kind];
  if (!at) throw new TypeError(`no weight is drawn as ${kind}`);
  const count = sizeOf(shape);
  if (dtype !== 'f32')
    return hostTensorFrom(
      dtype,
      shape,
      Float64Array.from({ length: count }, (_, i) => at(i, count)),
    );
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = at(i, count);
  return hostTensor('f32', shape, data);
}
