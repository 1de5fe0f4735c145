import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, type Shader, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Normalization } from '../../vocabulary/nn/norm.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';

/** What tells one normalization of rows from another. */
interface NormKernels {
  /** Shape of `row_stats`, which is kept for the backward pass. */
  readonly statsShape: (rows: number) => Shape;
  readonly forward: Shader;
  readonly backwardX: Shader;
  readonly backwardWeight: Shader;
}

/**
 * A launcher that normalizes rows, one an invocation, and multiplies by `weight` and adds `bias`.
 * x, y: f32 of any shape; weight, bias: f32 x.shape[axis:]. Throws ShapeError when weight or bias
 * do not have the normalised shape.
 */
export function normLauncher(
  signature: Normalization,
  { statsShape, forward, backwardX, backwardWeight }: NormKernels,
): Launcher<Normalization> {
  const { name } = signature;
  const launch = (
    gpu: Gpu,
    shader: Shader,
    tensors: readonly Tensor[],
    uniforms: readonly ReturnType<typeof u32>[],
    lanes: number,
  ) =>
    gpu.dispatch({
      shader,
      bindings: tensors.map((tensor) => tensor.binding),
      uniforms,
      workgroups: linearGrid(lanes),
    });
  return launcher(signature, {
    saves: ['row_stats'],
    variants: {
      'row-per-invocation': {
        kernels: [
          ...[forward, backwardX, backwardWeight].map(({ file }) => file),
          'math/reduce_sum',
        ],
        depth: (terms) => terms,
      },
    },
    storage: { keeps: ['row_stats'] },
    forward: (gpu, { x, weight, bias }, params) => {
      const { rows, width } = normLayout(name, x.shape, [weight.shape, bias?.shape], params);
      const y = Tensor.empty(gpu, 'f32', x.shape);
      const row_stats = Tensor.empty(gpu, 'f32', statsShape(rows));
      // Without a bias the kernel reads none; a binding must be there all the same.
      const uniforms = [...[rows, width, bias ? 1 : 0].map(u32), f32(params.eps)];
      launch(gpu, forward, [x, weight, bias ?? weight, y, row_stats], uniforms, rows);
      return { y, row_stats };
    },
    backward: (gpu, { inputs: { x, weight, bias }, outputs, grads, params, wants }) => {
      const { rows, width } = normLayout(name, x.shape, [weight.shape, bias?.shape], params);
      const dy = grads.y;
      const { row_stats } = outputs;
      const uniforms = [rows, width].map(u32);
      const gradientOfX = () => {
        const dx = Tensor.empty(gpu, 'f32', x.shape);
        launch(gpu, backwardX, [x, weight, row_stats, dy, dx], uniforms, rows);
        return dx;
      };
      const gradientOfWeight = () => {
        const dweight = Tensor.empty(gpu, 'f32', weight.shape);
        launch(gpu, backwardWeight, [x, row_stats, dy, dweight], uniforms, width);
        return dweight;
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
