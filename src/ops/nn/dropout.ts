import shader from '../../../shaders/nn/dropout.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, type UniformField, u32, uniformsAt } from '../../gpu/shader.ts';
import { wordsOf } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dropout as signature } from '../../vocabulary/nn/dropout.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';

/**
 * y = x / (1 - p) or 0 with probability p, as torch.nn.functional.dropout in training. The mask is
 * made of seed and offset (Philox), the same at every replay and in the backward pass, which does
 * not store it. x, y: f32 of any shape. Throws GradproofError `bad-params`.
 */
export const dropout = launcher(signature, {
  variants: { vec4: { kernels: ['nn/dropout'] } },
  forward: (gpu, { x }, params) => ({ y: masked(gpu, x, params) }),
  backward: (gpu, { grads, params, wants }) =>
    wants.has('x') ? { x: masked(gpu, grads.y, params) } : {},
});

function masked(gpu: Gpu, x: Tensor, { p, seed, offset }: ParamsOf<typeof signature>): Tensor {
  if (!(p >= 0 && p <= 1))
    throw new GradproofError('bad-params', `dropout: p is ${p}; give a probability`);
  const uniforms = uniformsAt(offset, (now) => [
    ...counterFields(seed, now),
    ...[x.size, Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1)].map(u32),
    // Where everything is dropped no word is left to pass: the scale is 0.
    f32(p === 1 ? 0 : 1 / (1 - p)),
  ]);
  const y = Tensor.empty(gpu, 'f32', x.shape);
  gpu.dispatch({
    shader,
    bindings: [x.binding, y.binding],
    uniforms,
    workgroups: gridOfFours(x.size),
  });
  return y;
}

function counterFields(seed: number, offset: number): UniformField[] {
  return Object.entries({ seed, offset }).flatMap(([name, n]) => {
    if (Number.isSafeInteger(n) && n >= 0) return wordsOf(n).map(u32);
    throw new GradproofError(
      'bad-params',
      `dropout: ${name} is ${n}; give a whole number below 2^53`,
    );
  });
}
