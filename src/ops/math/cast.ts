import type { DType } from '../../tensor/dtype.ts';
import { cast as signature } from '../../vocabulary/math/cast.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { BOOL, convert } from './convert.ts';

/**
 * Element types that a cast gives, as torch names them, and how tensors hold them: a boolean is a
 * byte, float64 has no more than float32.
 */
const TARGETS = {
  float64: 'f32',
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
  int32: 'i32',
  uint8: 'u8',
  int8: 'i8',
  bool: 'u8',
} as const satisfies Readonly<Record<ParamsOf<typeof signature>['to'], DType>>;

/**
 * y = x in the element type `to`, as ONNX's Cast and torch's Tensor.to: floats round to nearest
 * even (to f16 beyond 65504 to infinity), floats to integers toward zero, integers to narrower ones
 * drop high bits. A float out of the integers' range, which both leave undefined, becomes the
 * nearest end of it. The gradient is the incoming one in x's own type. Throws GradproofError
 * `not-implemented` for another `to`.
 */
export const cast = launcher(signature, {
  variants: { words: { kernels: ['math/cast'] } },
  storage: { keeps: ['y'] },
  forward: (gpu, { x }, { to }) => ({
    y: convert(gpu, x, TARGETS[to], to === 'bool' ? BOOL : undefined),
  }),
  backward: (gpu, { inputs: { x }, grads, wants }) => {
    if (!wants.has('x')) return {};
    return { x: convert(gpu, grads.y, x.dtype) };
  },
});
