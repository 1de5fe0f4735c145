import reduceShader from '../../../shaders/nn/cross_entropy_reduce.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Reduction } from '../../vocabulary/nn/loss.ts';

/** Scores of classes as rows. */
export interface LossRows {
  readonly rows: number;
  readonly classes: number;
  /** Elements between the classes of one row. */
  readonly inner: number;
}

/** Scores beside what is demanded of them, and the weights of classes. */
interface Scored {
  readonly op: string;
  /** [N, C, ...], or [C] of a single row. */
  readonly scores: Shape;
  readonly weight: Shape | undefined;
  /** Whether the classes come last. Default false. */
  readonly classesLast?: boolean;
}

/**
 * The axis of the classes, how many there are, and the shape of the rows. A `target` has a label for
 * each row, or a probability for each score. Throws ShapeError when the shapes do not fit.
 */
export function scoredRows(
  { op, scores, weight, classesLast = false }: Scored,
  target: Readonly<Partial<Record<'labels' | 'probabilities', Shape>>>,
): { readonly classAxis: number; readonly classes: number; readonly shape: Shape } {
  const classAxis = classesLast ? scores.length - 1 : Math.min(1, scores.length - 1);
  const classes = scores[classAxis];
  const shape = scores.length === 1 ? [1] : scores.toSpliced(classAxis, 1);
  const { labels, probabilities } = target;
  const isFit = (given: Shape | undefined, wanted: Shape) => !given || sameShape(given, wanted);
  const isAllFit = isFit(labels, shape) && isFit(probabilities, scores);
  if (!classes || !isAllFit || !isFit(weight, [classes])) {
    const parts = Object.entries({ labels, probabilities, weight }).flatMap(([name, given]) =>
      given ? `, ${name} ${formatShape(given)}` : [],
    );
    throw new ShapeError(
      `${op}: scores ${formatShape(scores)}${parts.join('')} do not fit${classesLast ? ' with shift' : ''}`,
    );
  }
  return { classAxis, classes, shape };
}

/**
 * Rows with a label each. Throws ShapeError when the shapes do not fit, and `bad-params` for an
 * ignore_index that no label can have.
 */
export function lossRows({
  labels,
  ignore_index,
  ...scored
}: Scored & { readonly labels: Shape; readonly ignore_index: number }): LossRows {
  const { op, scores } = scored;
  const { classAxis, classes } = scoredRows(scored, { labels });
  if ((ignore_index | 0) !== ignore_index) {
    throw new GradproofError(
      'bad-params',
      `${op}: ignore_index ${ignore_index} is not a 32-bit integer, so no label can have it`,
    );
  }
  return { rows: sizeOf(labels), classes, inner: sizeOf(scores.slice(classAxis + 1)) };
}

/** A loss and, where the rows' losses were reduced, what their sum was divided by. */
interface Reduced {
  readonly loss: Tensor;
  readonly normalizer?: Tensor;
}

/**
 * The rows' losses themselves, or their sum or mean over the weights in `stats`. Owns `losses` from
 * here on.
 */
export function reduceLosses(
  gpu: Gpu,
  losses: Tensor,
  stats: Tensor,
  reduction: Reduction,
): Reduced {
  if (reduction === 'none') return { loss: losses };
  using rows = losses;
  const loss = Tensor.empty(gpu, 'f32', [1]);
  const normalizer = Tensor.empty(gpu, 'f32', [1]);
  gpu.dispatch({
    shader: reduceShader,
    bindings: [rows, stats, loss, normalizer].map((tensor) => tensor.binding),
    uniforms: [u32(rows.size), u32(reduction === 'mean' ? 1 : 0)],
    workgroups: [1, 1, 1],
  });
  return { loss, normalizer };
}
