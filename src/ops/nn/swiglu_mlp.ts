import shader from '../../../shaders/nn/swiglu.wgsl';
import backwardShader from '../../../shaders/nn/swiglu_backward.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { swigluMlp as signature } from '../../vocabulary/nn/swiglu_mlp.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiply } from '../matmul/product.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';

/**
 * y = (silu(x gate^T) * (x up^T)) down^T: the feed-forward layer of Llama. x: f32 [..., hidden];
 * gate, up: [inner, hidden]; down: [out, inner]; y: [..., out]. `gated` = x gate^T and `raised` = x
 * up^T, [..., inner], are kept for the backward pass, which gives all four gradients and computes
 * their product again. Throws ShapeError when they do not fit.
 */
export const swigluMlp = launcher(signature, {
  saves: ['gated', 'raised'],
  variants: {
    register: { ...PRODUCT_VARIANTS.register, kernels: kernelsOf('register') },
    subgroup: { ...PRODUCT_VARIANTS.subgroup, kernels: kernelsOf('subgroup') },
    tiled: { ...PRODUCT_VARIANTS.tiled, kernels: kernelsOf('tiled') },
  },
  storage: { keeps: ['gated', 'raised'] },
  forward: (gpu, inputs, _params, variant) => {
    check(inputs);
    const { x, gate, up, down } = inputs;
    const gated = multiply(gpu, { a: x, b: gate, transpose_b: true }, variant);
    const raised = multiply(gpu, { a: x, b: up, transpose_b: true }, variant);
    using hidden = swiglu(gpu, gated, raised);
    return { y: multiply(gpu, { a: hidden, b: down, transpose_b: true }, variant), gated, raised };
  },
  backward: (
    gpu,
    { inputs: { x, gate, up, down }, outputs: { gated, raised }, grads, wants },
    variant,
  ) => {
    const dy = asRows(grads.y);
    const gradientOfDown = () => {
      using hidden = swiglu(gpu, gated, raised);
      return multiply(gpu, { a: dy, b: asRows(hidden), transpose_a: true }, variant);
    };
    const ddown = wants.has('down') ? { down: gradientOfDown() } : {};
    if (!['x', 'gate', 'up'].some((name) => wants.has(name))) return ddown;
    using dhidden = multiply(gpu, { a: dy, b: down }, variant);
    using dgated = Tensor.empty(gpu, 'f32', dhidden.shape);
    using draised = Tensor.empty(gpu, 'f32', dhidden.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [gated, raised, dhidden, dgated, draised].map((tensor) => tensor.binding),
      uniforms: [u32(dhidden.size)],
      workgroups: gridOfFours(dhidden.size),
    });
    const ofWeight = (a: Tensor) => multiply(gpu, { a, b: asRows(x), transpose_a: true }, variant);
    const gradientOfX = () => {
      using part = multiply(gpu, { a: dgated, b: gate }, variant);
      return multiply(gpu, { a: draised, b: up, bias: part, shape: x.shape }, variant);
    };
    return {
      ...ddown,
      ...(wants.has('gate') ? { gate: ofWeight(dgated) } : {}),
      ...(wants.has('up') ? { up: ofWeight(draised) } : {}),
      ...(wants.has('x') ? { x: gradientOfX() } : {}),
    };
  },
});

function kernelsOf(variant: keyof typeof PRODUCT_VARIANTS): readonly string[] {
  return ['nn/swiglu', 'nn/swiglu_backward', ...PRODUCT_VARIANTS[variant].kernels];
}

/** silu(gate) * up, element by element. */
function swiglu(gpu: Gpu, gate: Tensor, up: Tensor): Tensor {
  const y = Tensor.empty(gpu, 'f32', gate.shape);
  gpu.dispatch({
    shader,
    bindings: [gate, up, y].map((tensor) => tensor.binding),
    uniforms: [u32(y.size)],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/** All but the last dimension as one. */
function asRows(tensor: Tensor): Tensor {
  return tensor.view(matrixOf(tensor.shape));
}

function check({ x, gate, up, down }: InputsOf<typeof signature, Tensor>): void {
  const hidden = x.shape.at(-1) as number;
  const inner = gate.shape[0] as number;
  if (
    !sameShape(gate.shape, [inner, hidden]) ||
    !sameShape(up.shape, gate.shape) ||
    down.shape.length !== 2 ||
    down.shape[1] !== inner
  ) {
    const shapes = [x, gate, up, down].map(({ shape }) => formatShape(shape)).join(', ');
    throw new ShapeError(`swiglu_mlp: x, gate, up, down of ${shapes} do not fit`);
  }
}
