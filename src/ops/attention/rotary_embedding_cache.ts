import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { rotaryEmbeddingCache as signature } from '../../vocabulary/attention/rotary_embedding_cache.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { headsOf } from './layout.ts';
import { type Rotation, rotate } from './rotate.ts';

/**
 * Rotary position embedding by tables of cosines and sines, as ONNX's RotaryEmbedding. x, y: f32
 * [B, H, S, D] or [B, S, H * D]; cos, sin: f32 [P, r/2] with position_ids i32 [B, S], else [B, S,
 * r/2]. The first r columns of a head rotate, the others pass. A position outside [0, P) reads the
 * nearest row. The backward pass gives the gradient of x. Throws ShapeError when they do not fit.
 */
export const rotaryEmbeddingCache = launcher(signature, {
  variants: {
    'element-per-invocation': {
      kernels: ['attention/rotary_embedding_cache'],
      depth: (terms) => terms,
    },
  },
  storage: { decides: ['x'] },
  forward: (gpu, inputs, params) => ({
    y: rotate(gpu, rotationOf(inputs, params, inputs.x, false)),
  }),
  backward: (gpu, { inputs, grads, params, wants }) =>
    wants.has('x') ? { x: rotate(gpu, rotationOf(inputs, params, grads.y, true)) } : {},
});

function rotationOf(
  inputs: InputsOf<typeof signature, Tensor>,
  { convention, heads }: ParamsOf<typeof signature>,
  x: Tensor,
  inverse: boolean,
): Rotation {
  const { cos, sin, position_ids } = inputs;
  const layout = headsOf('x', inputs.x.shape, heads);
  const { batch, length, width } = layout;
  const pairs = cos.shape.at(-1) as number;
  const sequences = position_ids ? position_ids.shape : cos.shape.slice(0, -1);
  const fits =
    (position_ids === undefined || cos.shape.length === 2) &&
    formatShape(cos.shape) === formatShape(sin.shape) &&
    formatShape(sequences) === formatShape([batch, length]) &&
    2 * pairs <= width;
  if (!fits) {
    const table = formatShape(cos.shape);
    const ids = position_ids ? ` and position_ids ${formatShape(position_ids.shape)}` : '';
    const shapes = `cos ${table}, sin ${formatShape(sin.shape)}${ids}`;
    throw new ShapeError(
      `rotary_embedding_cache: ${shapes} do not fit x of ${batch} batches, ${length} positions, ${width} columns`,
    );
  }
  return { x, heads: layout, cos, sin, position_ids, shared: false, convention, inverse };
}
