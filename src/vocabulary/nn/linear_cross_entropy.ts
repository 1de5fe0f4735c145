import * as v from 'valibot';
import { float, index, type Known, off, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { nll, type Reduction } from './loss.ts';

/** Classes of a chunk are a multiple of it, so that it starts where a binding may, in halves too. */
export const CHUNK_UNIT = 128;
/** Bytes of the logits of a chunk. */
const CHUNK_BYTES = 2 ** 24;

/** So many classes have their logits at once, unless another number is asked for. */
export const classesAtOnce = (rows: number): number =>
  Math.max(1, Math.floor(CHUNK_BYTES / (4 * CHUNK_UNIT * Math.max(1, rows)))) * CHUNK_UNIT;

const params = v.strictObject({
  ...nll.entries,
  /** Whether row i predicts the label of row i + 1, and the last row of a sequence nothing. */
  shift: off,
});

/** The shape of labels: x without its last dimension. */
const labelsOf = (x: readonly number[]) => (x.length === 1 ? [1] : x.slice(0, -1));

/** The classes whose logits are there at once. */
export interface Chunk {
  /** The tensor that has their rows, and the first of these in it. */
  readonly part: number;
  readonly start: number;
  /** The first of them among all classes. */
  readonly first: number;
  readonly count: number;
}

/** A table of so many rows in each part, in chunks of at most `most` rows; none has rows of two parts. */
export function chunksOf(rows: readonly number[], most: number): readonly Chunk[] {
  let before = 0;
  return rows.flatMap((own, part) => {
    const base = before;
    before += own;
    return Array.from({ length: Math.ceil(own / most) }, (_, i) => {
      const start = i * most;
      return { part, start, first: base + start, count: Math.min(most, own - start) };
    });
  });
}

/** The parts of a table in their order, by the names of their inputs. */
export function tableParts<T>(
  inputs: { readonly weight: T } & { readonly [Name in `more${number}`]?: T | undefined },
): readonly (readonly [name: 'weight' | `more${number}`, part: T])[] {
  const parts: ['weight' | `more${number}`, T][] = [['weight', inputs.weight]];
  for (let i = 0; ; i++) {
    const part = inputs[`more${i}`];
    if (part === undefined) return parts;
    parts.push([`more${i}`, part]);
  }
}

/** Classes of a table, whatever parts it lies in. */
function classesOf({ shape, has }: Pick<Known<never>, 'shape' | 'has'>): number {
  let classes = shape('weight')[0] as number;
  for (let i = 0; has(`more${i}`); i++) classes += shape(`more${i}`)[0] as number;
  return classes;
}

/**
 * Cross entropy of x weight^T, the logits of a language model's head, in chunks of classes: the
 * logits are never whole. A table that no kernel reaches at once lies in several tensors, whose rows
 * follow each other: `weight`, `more0`, `more1`, ... Named as torch and Liger name it.
 */
export const linearCrossEntropy = signature(
  { family: 'nn', name: 'linear_cross_entropy', inBundles: false },
  params,
  {
    inputs: {
      x: float('[*n, h]'),
      weight: float('[v, h]'),
      'more#': optional(float(({ size }, [rows = 0]) => [rows, size('h')])),
      labels: index(
        ({ shape }) => labelsOf(shape('x')),
        (known) => ({ low: 0, high: classesOf(known) - 1, also: known.params.ignore_index }),
      ),
    },
    outputs: {
      loss: float<{ readonly reduction: Reduction }>(({ shape, params: { reduction } }) =>
        reduction === 'none' ? labelsOf(shape('x')) : [1],
      ),
    },
    gradients: ['x', 'weight', 'more#'],
  },
  /** Classes of a chunk. Default {@link classesAtOnce}. */
  v.strictObject({ chunk: v.exactOptional(v.pipe(size, v.multipleOf(CHUNK_UNIT))) }),
);
