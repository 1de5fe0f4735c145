import shader from '../../../shaders/quant/calculate_qparams.wgsl';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  isRefused,
  calculateQparams as signature,
} from '../../vocabulary/quant/calculate_qparams.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from './blocks.ts';

/** The lowest and the highest code. */
export function codeRange({
  dtype,
  reduce_range,
}: Pick<ParamsOf<typeof signature>, 'dtype' | 'reduce_range'>): {
  readonly first: number;
  readonly last: number;
} {
  const codes = reduce_range ? 128 : 256;
  const first = dtype === 'qint8' ? -codes / 2 : 0;
  return { first, last: first + codes - 1 };
}

/**
 * Scale and zero point for a range, as torch.ao.quantization's observers calculate them: with 0
 * inside, and affine codes that have one for 0. min_val, max_val: f32 [n] (of
 * {@link minmaxObserver}, or {@link quantile}); scale: f32 [n]; zero_point: u8 [n], of qint8 i8. Of a
 * symmetric quint8 the zero point is 128. Throws ShapeError for other shapes,
 * QuantizationError for a symmetric quint8 of 7 bits, which torch has not.
 */
export const calculateQparams = launcher(signature, {
  variants: { fours: { kernels: [shader.file] } },
  storage: { keeps: ['scale'] },
  forward: (gpu, { min_val, max_val }, params) => {
    const { dtype, qscheme, eps } = params;
    if (isRefused(params))
      throw new QuantizationError('calculate_qparams: a symmetric range of quint8 is not reduced');
    if (min_val.shape.length !== 1 || !sameShape(min_val.shape, max_val.shape))
      throw new ShapeError(
        `calculate_qparams: min_val ${formatShape(min_val.shape)} and max_val ${formatShape(max_val.shape)} must be lists of one length`,
      );
    const n = min_val.size;
    const { first, last } = codeRange(params);
    const scale = Tensor.empty(gpu, 'f32', [n]);
    const zero_point = Tensor.empty(gpu, dtype === 'qint8' ? 'i8' : 'u8', [n]);
    gpu.dispatch({
      shader,
      constants: { SYMMETRIC: Number(qscheme === 'symmetric') },
      bindings: [min_val, max_val, scale, zero_point].map((tensor) => tensor.binding),
      uniforms: [u32(n), f32(first), f32(last - first), f32(eps), u32(dtype === 'qint8' ? 0 : 128)],
      workgroups: gridOfFours(n),
    });
    return { scale, zero_point };
  },
});
