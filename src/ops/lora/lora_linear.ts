import shader from '../../../shaders/lora/lora_update.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { frozenWeight } from '../../vocabulary/lora/frozen-weight.ts';
import { loraLinear as signature } from '../../vocabulary/lora/lora_linear.ts';
import type { GradientsOf, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { type Backward, launcher } from '../launcher.ts';
import { multiply } from '../matmul/product.ts';
import { multiplyQuantized } from '../matmul/product_quantized.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { DORA_KERNELS, magnitudeGradient, mergedNorm, rescaled } from './dora.ts';

type Inputs = InputsOf<typeof signature, Tensor>;
type Params = ParamsOf<typeof signature>;

/**
 * y = x W^T + s (x A^T) B^T (+ bias) with a frozen W, s = alpha / r: LoRA as PEFT has it; the
 * update s B A is never formed. Float32. x: [..., in]; weight: [out, in], or packed and absmax as
 * products with quantized weights take them; lora_A: [r, in]; lora_B: [out, r]; bias: [out]. With
 * `use_dora` y = magnitude / norm * z + bias, where z is y above without bias and norm [out] the
 * length of each row of W + s B A; magnitude: [out]. As in PEFT no gradient flows through the norm.
 * y: [..., out]; xa = x A^T, [..., r], and DoRA's z and norm are kept for the backward pass, which
 * gives the gradients of x, lora_A, lora_B and magnitude. Throws ShapeError when they do not fit.
 */
export const loraLinear = launcher(signature, {
  variants: {
    register: { ...PRODUCT_VARIANTS.register, kernels: kernelsOf('register') },
    subgroup: { ...PRODUCT_VARIANTS.subgroup, kernels: kernelsOf('subgroup') },
    tiled: { ...PRODUCT_VARIANTS.tiled, kernels: kernelsOf('tiled') },
  },
  storage: { widens: true, decides: ['x'], keeps: ['xa'] },
  forward: (gpu, inputs, params, variant) => {
    const { x, lora_A, lora_B, bias, magnitude } = inputs;
    check(inputs, params);
    const weight = weightOf(inputs, params);
    const y = timesWeight(gpu, x, weight, true, variant);
    const xa = multiply(gpu, { a: x, b: lora_A, transpose_b: true }, variant);
    const update = { y, p: xa, q: lora_B, transpose_q: true, scale: scaleOf(params) };
    if (!magnitude) {
      addLowRank(gpu, { ...update, bias });
      return { y, xa };
    }
    addLowRank(gpu, update);
    const norm = mergedNorm(gpu, { lora_A, lora_B, scale: scaleOf(params), weight });
    return { y: rescaled(gpu, y, magnitude, norm, bias), xa, z: y, norm };
  },
  backward: (gpu, context, variant) => {
    const { inputs, outputs, grads, wants } = context;
    const { y: dy } = grads;
    const { magnitude } = inputs;
    if (!magnitude) return lowRankGradients(gpu, context, dy, variant);
    const { z, norm } = outputs as Record<'z' | 'norm', Tensor>;
    const ofMagnitude = wants.has('magnitude')
      ? { magnitude: magnitudeGradient(gpu, dy, z, norm) }
      : {};
    if (!['x', 'lora_A', 'lora_B'].some((name) => wants.has(name))) return ofMagnitude;
    using dz = rescaled(gpu, dy, magnitude, norm);
    return { ...lowRankGradients(gpu, context, dz, variant), ...ofMagnitude };
  },
});

/**
 * Gradients of x, lora_A and lora_B, those that are wanted, from the gradient `dy` of x W^T + s (x
 * A^T) B^T.
 */
function lowRankGradients(
  gpu: Gpu,
  { inputs, outputs: { xa }, params, wants }: Backward<typeof signature>,
  dy: Tensor,
  variant: string,
): GradientsOf<typeof signature, Tensor> {
  const { x, lora_A, lora_B } = inputs;
  const scale = scaleOf(params);
  const gradients: { x?: Tensor; lora_A?: Tensor; lora_B?: Tensor } = {};
  const rows = (tensor: Tensor) => tensor.view(matrixOf(tensor.shape));
  if (wants.has('lora_B'))
    gradients.lora_B = multiply(
      gpu,
      { a: rows(dy), b: rows(xa), transpose_a: true, scale },
      variant,
    );
  if (wants.has('lora_A') || wants.has('x')) {
    // The gradient of xa, which both need.
    using dxa = multiply(gpu, { a: rows(dy), b: lora_B, scale }, variant);
    if (wants.has('lora_A'))
      gradients.lora_A = multiply(gpu, { a: dxa, b: rows(x), transpose_a: true }, variant);
    if (wants.has('x')) {
      const dx = timesWeight(gpu, dy, weightOf(inputs, params), false, variant);
      addLowRank(gpu, { y: dx, p: dxa, q: lora_A, transpose_q: false, scale: 1 });
      gradients.x = dx;
    }
  }
  return gradients;
}

/** Shaders of the products and of the update. */
function kernelsOf(variant: keyof typeof PRODUCT_VARIANTS): readonly string[] {
  return ['lora/lora_update', ...DORA_KERNELS, ...PRODUCT_VARIANTS[variant].kernels];
}

/** alpha / r, or alpha / sqrt(r) for rsLoRA. */
function scaleOf({ r, alpha, use_rslora }: Params): number {
  return alpha / (use_rslora ? Math.sqrt(r) : r);
}

/** The frozen weight, dense or quantized. Throws ShapeError when it is not there. */
function weightOf(inputs: Inputs, params: Params): Tensor | QuantizedWeight<Tensor> {
  const weight = frozenWeight<Tensor>(inputs, params);
  if (weight) return weight;
  throw new ShapeError(
    params.base === 'dense'
      ? 'lora_linear: a dense base needs the input weight'
      : `lora_linear: a base in ${params.base} needs the inputs packed and absmax`,
  );
}

/** x W^T, or x W. */
function timesWeight(
  gpu: Gpu,
  x: Tensor,
  weight: Tensor | QuantizedWeight<Tensor>,
  transposed: boolean,
  variant: string,
): Tensor {
  return isQuantized(weight)
    ? multiplyQuantized(gpu, x, weight, transposed, variant)
    : multiply(gpu, { a: x, b: weight, transpose_b: transposed }, variant);
}

interface LowRank {
  readonly y: Tensor;
  readonly p: Tensor;
  readonly q: Tensor;
  /** Whether q is [n, r] in place of [r, n]. */
  readonly transpose_q: boolean;
  readonly scale: number;
  readonly bias?: Tensor | undefined;
}

/** y += scale * p op(q) + bias, in place. */
function addLowRank(gpu: Gpu, { y, p, q, transpose_q, scale, bias }: LowRank): void {
  const r = p.shape.at(-1) as number;
  const [m, n] = matrixOf(y.shape);
  const tiles = Math.ceil(n / 4);
  const strides = transpose_q ? [1, r] : [n, 1];
  gpu.dispatch({
    shader,
    bindings: [p.binding, q.binding, (bias ?? p).binding, y.binding],
    uniforms: [...[m, n, r, ...strides, Number(bias !== undefined), tiles].map(u32), f32(scale)],
    workgroups: linearGrid(tiles * Math.ceil(m / 4)),
    flops: 2 * m * n * r,
  });
}

function check(
  { x, weight, lora_A, lora_B, bias, magnitude }: Inputs,
  { r, use_dora }: Params,
): void {
  if (use_dora !== (magnitude !== undefined))
    throw new ShapeError('lora_linear: use_dora and the input magnitude go together');
  const features = x.shape.at(-1) as number;
  const out = lora_B.shape[0] as number;
  const expected = {
    lora_A: [r, features],
    lora_B: [out, r],
    weight: [out, features],
    bias: [out],
    magnitude: [out],
  };
  for (const [name, tensor] of Object.entries({ lora_A, lora_B, weight, bias, magnitude })) {
    const shape = expected[name as keyof typeof expected];
    if (tensor && !sameShape(tensor.shape, shape)) {
      throw new ShapeError(
        `lora_linear: ${name} is ${formatShape(tensor.shape)} and should be ${formatShape(shape)}`,
      );
    }
  }
}
