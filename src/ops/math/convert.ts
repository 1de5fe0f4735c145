import shader from '../../../shaders/math/cast.wgsl';
import { GradproofError } from '../../errors.ts';
import { FLOATS, type FloatStorage } from '../../gpu/float-storage.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Launch } from '../../gpu/recorder.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { seam } from '../../seam.ts';
import type { DType } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Element types by the values of the kernel's FROM and TO; a boolean is a byte too. */
const CODES: readonly DType[] = [...FLOATS, 'i32', 'u8', 'i8'];
export const BOOL = CODES.length;
export const F16 = CODES.indexOf('f16');

/**
 * How a kernel reads elements: the value of its FROM, or of the constant STORAGE of lib/storage.
 */
export const readAs = seam('storage.read', (dtype: DType): number => codeOf(dtype));

/**
 * x in another element type, `to` (its code, or BOOL), held as `dtype`: what the op cast does, for
 * code below the ops. The caller owns it. Throws GradproofError `not-implemented` for a type that
 * no kernel converts.
 */
export function convert(gpu: Gpu, x: Tensor, dtype: DType, to = codeOf(dtype)): Tensor {
  const y = Tensor.empty(gpu, dtype, x.shape);
  convertInto(gpu, x, y, to);
  return y;
}

/** As {@link convert}, into a tensor of the same size that is there. */
export function convertInto(gpu: Gpu, x: Tensor, y: Tensor, to = codeOf(y.dtype)): void {
  const from = readAs(x.dtype);
  gpu.dispatch({
    shader,
    constants: { FROM: from, TO: to, WHOLE: Number(x.size % 4 === 0) },
    bindings: [x.binding, y.binding],
    uniforms: [u32(x.size)],
    workgroups: gridOfFours(x.size),
    ...fusable(x.size, FLOATS[from], FLOATS[to]),
  });
}

/** What a captured step fuses: floats to floats. */
function fusable(
  count: number,
  from?: FloatStorage,
  to?: FloatStorage,
): Pick<Launch, 'elementwise'> {
  return from && to ? { elementwise: { count, cast: { from, to } } } : {};
}

/** The value of FROM, TO or STORAGE that stands for an element type. Throws GradproofError. */
export function codeOf(dtype: DType): number {
  const code = CODES.indexOf(dtype);
  if (code < 0)
    throw new GradproofError(
      'not-implemented',
      `cast: ${dtype} is no type of numbers; give one of ${CODES.join(', ')}`,
    );
  return code;
}
