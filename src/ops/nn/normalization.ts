import { f32, linearGrid, type Shader, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Normalization } from '../../vocabulary/nn/norm.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { rowDepth } from '../lanes.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { chunkedDepth, partsOf } from '../math/reduction.ts';
import { sumToSize } from '../math/sum.ts';
import { rowLaunch, rowVariants } from './row-variants.ts';

/** What tells one normalization of rows from another. */
interface NormKernels {
  /** Shape of `row_stats`, which is kept for the backward pass. */
  readonly statsShape: (rows: number) => Shape;
  readonly forward: Shader;
  readonly backwardX: Shader;
  readonly backwardWeight: Shader;
}

/**
 * A launcher that normalizes rows and multiplies by `weight` and adds `bias`. x, y: f32 of any
 * shape; weight, bias: f32 x.shape[axis:]. Throws ShapeError when weight or bias do not have the
 * normalised shape.
 */
export function normLauncher(
  signature: Normalization,
  { statsShape, forward, backwardX, backwardWeight }: NormKernels,
): Launcher<Normalization> {
  const { name } = signature;
  const kernels = [forward, backwardX, backwardWeight].map(({ file }) => file);
  return launcher(signature, {
    saves: ['row_stats'],
    variants: rowVariants([...kernels, 'math/reduce_sum'], (terms, lanes) =>
      Math.max(rowDepth(terms, lanes), chunkedDepth(terms)),
    ),
    storage: { widens: 'few lanes', keeps: ['row_stats'] },
    forward: (gpu, { x, weight, bias }, params, variant) => {
      const { rows, width } = normLayout(name, x.shape, [weight.shape, bias?.shape], params);
      const y = Tensor.empty(gpu, 'f32', x.shape);
      const row_stats = Tensor.empty(gpu, 'f32', statsShape(rows));
      const { constants, workgroups } = rowLaunch(variant, rows);
      gpu.dispatch({
        shader: forward,
        constants: { ...constants, BIASED: Number(bias !== undefined) },
        // Without a bias the kernel reads none; a binding must be there all the same.
        bindings: [x, weight, bias ?? weight, y, row_stats].map((tensor) => tensor.binding),
        uniforms: [u32(rows), u32(width), f32(params.eps)],
        workgroups,
      });
      return { y, row_stats };
    },
    backward: (
      gpu,
      { inputs, outputs: { row_stats }, grads: { y: dy }, params, wants },
      variant,
    ) => {
      const { x, weight, bias } = inputs;
      const { rows, width } = normLayout(name, x.shape, [weight.shape, bias?.shape], params);
      const gradientOfX = () => {
        const dx = Tensor.empty(gpu, 'f32', x.shape);
        gpu.dispatch({
          shader: backwardX,
          bindings: [x, weight, row_stats, dy, dx].map((tensor) => tensor.binding),
          uniforms: [u32(rows), u32(width)],
          ...rowLaunch(variant, rows),
        });
        return dx;
      };
      const gradientOfWeight = () => {
        const parts = partsOf(rows);
        const sums = Tensor.empty(gpu, 'f32', parts === 1 ? weight.shape : [parts, width]);
        gpu.dispatch({
          shader: backwardWeight,
          bindings: [x, row_stats, dy, sums].map((tensor) => tensor.binding),
          uniforms: [rows, width, parts].map(u32),
          workgroups: linearGrid(Math.ceil(width / 4) * parts),
        });
        if (parts === 1) return sums;
        using shares = sums;
        return sumToSize(gpu, shares, [width], weight.shape);
      };
      return {
        ...(wants.has('x') ? { x: gradientOfX() } : {}),
        ...(wants.has('weight') ? { weight: gradientOfWeight() } : {}),
        ...(bias && wants.has('bias')
          ? { bias: sumToSize(gpu, dy.view([rows, width]), [width], bias.shape) }
          : {}),
      };
    },
  });
}

/** A tensor as rows, each normalised by itself. */
interface NormLayout {
  readonly rows: number;
  readonly width: number;
}

/**
 * Throws ShapeError when there is no such axis, or a weight or bias does not have the normalised
 * shape.
 */
function normLayout(
  op: string,
  x: Shape,
  parts: readonly (Shape | undefined)[],
  { axis }: ParamsOf<Normalization>,
): NormLayout {
  const at = axis < 0 ? axis + x.length : axis;
  const normalised = x.slice(at);
  const misfit = parts.find((part) => part && !sameShape(normalised, part));
  if (at < 0 || at >= x.length || misfit) {
    const what = misfit ? `a weight or bias of ${formatShape(misfit)}` : 'its dimensions';
    throw new ShapeError(`${op} of ${formatShape(x)} from axis ${axis} on does not fit ${what}`);
  }
  return { rows: sizeOf(x.slice(0, at)), width: sizeOf(normalised) };
}
