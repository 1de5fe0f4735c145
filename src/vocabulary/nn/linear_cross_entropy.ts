import * as v from 'valibot';
import { float, index, off, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { nll, type Reduction } from './loss.ts';

/** Classes of a chunk are a multiple of it, so that it starts where a binding may, in halves too. */
const UNIT = 128;
/** Bytes of the logits of a chunk. */
const CHUNK_BYTES = 2 ** 24;

/** So many classes have their logits at once, unless another number is asked for. */
export const classesAtOnce = (rows: number): number =>
  Math.max(1, Math.floor(CHUNK_BYTES / (4 * UNIT * Math.max(1, rows)))) * UNIT;

const params = v.strictObject({
  ...nll.entries,
  /** Whether row i predicts the label of row i + 1, and the last row of a sequence nothing. */
  shift: off,
});

/** The shape of labels: x without its last dimension. */
const labelsOf = (x: readonly number[]) => (x.length === 1 ? [1] : x.slice(0, -1));

/**
 * Cross entropy of x weight^T, the logits of a language model's head, in chunks of classes: the
 * logits are never whole. Named as torch and Liger name it.
 */
export const linearCrossEntropy = signature(
  { family: 'nn', name: 'linear_cross_entropy', inBundles: false },
  params,
  {
    inputs: {
      x: float('[*n, h]'),
      weight: float('[v, h]'),
      labels: index(
        ({ shape }) => labelsOf(shape('x')),
        ({ shape, params: { ignore_index } }) => ({
          low: 0,
          high: (shape('weight')[0] as number) - 1,
          also: ignore_index,
        }),
      ),
    },
    outputs: {
      loss: float<{ readonly reduction: Reduction }>(({ shape, params: { reduction } }) =>
        reduction === 'none' ? labelsOf(shape('x')) : [1],
      ),
    },
    gradients: ['x', 'weight'],
  },
  /** Classes of a chunk. Default {@link classesAtOnce}. */
  v.strictObject({ chunk: v.exactOptional(v.pipe(size, v.multipleOf(UNIT))) }),
);
