import { defineOp } from '../op.ts';
import { maximum } from './maximum.ts';
import { reducedShape, reductionOf } from './reduction.ts';

/** Parameters of {@link argmax}, as ONNX names them. */
export interface ArgmaxParams {
  /** Default 0. */
  readonly axis?: number;
  /** Default true. */
  readonly keepdims?: boolean;
  /** Whether of equal elements the last is taken. Default false. */
  readonly select_last_index?: boolean;
}

/**
 * y = index of the largest element along `axis`, as ONNX's ArgMax and torch.argmax; a NaN is larger than all. x: f32; y: i32.
 * Throws ShapeError when there is no such axis or it is empty.
 */
export const argmax = defineOp<'x', never, 'y', ArgmaxParams>({
  name: 'argmax',
  variants: { shared: { kernels: ['math/argmax'], depth: () => 1 } },
  forward: (gpu, { x }, { axis = 0, keepdims = true, select_last_index = false }) => {
    const { drops, shape } = reducedShape('argmax', x.shape, { axes: [axis], keepdims });
    return { y: maximum(gpu, x, reductionOf(x.shape, drops), shape, select_last_index ? 'last' : 'first') };
  },
});
