import mulShader from '../../../shaders/math/mul.wgsl';
import subShader from '../../../shaders/math/sub.wgsl';
import encodeShader from '../../../shaders/quant/hqq_encode.wgsl';
import packShader from '../../../shaders/quant/hqq_pack.wgsl';
import refineShader from '../../../shaders/quant/hqq_refine.wgsl';
import scaleShader from '../../../shaders/quant/hqq_scale.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { f32, gridOfFours, linearGrid, type UniformField, u32 } from '../../gpu/shader.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom, ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import {
  HQQ_META,
  HQQ_WORDS,
  hqqMeta,
  hqqMetaParams,
  hqqTop,
  hqqQuantize as signature,
} from '../../vocabulary/quant/hqq_quantize.ts';
import type { OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { rowDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { convert } from '../math/convert.ts';
import { binary } from '../math/elementwise.ts';
import { ABS_MEAN_VARIANT, absMean } from './abs_mean.ts';
import { QuantizationError } from './blocks.ts';

type Params = ParamsOf<typeof signature>;
type Outputs = OutputsOf<typeof signature, Tensor>;

/** A weight and how it is cut. */
interface Groups {
  readonly weight: Tensor;
  readonly count: number;
  /** Rows and columns of the matrix of groups. */
  readonly matrix: readonly [rows: number, columns: number];
  /** Shape of scales and zeros. */
  readonly shape: Shape;
  /** The kernels' `Groups`. */
  readonly fields: readonly UniformField[];
}

/** What a group's codes are made and read with. */
interface Grid {
  readonly inverse: Tensor;
  readonly scale: Tensor;
  readonly zero: Tensor;
}

/** Operations of a product that take as long as a pass over an element, whose power takes most. */
const FLOPS_OF_PASS = 200;

/** The errors of what may come before the first pass: it goes on where the first is the larger. */
const FIRST_ERRORS = [2 ** 127, 2 ** 126];

/**
 * hqq.core.quantize.Quantizer.quantize with its half-quadratic solver, and what the codes decode to:
 * groups are rows (axis 1) or columns (axis 0) of the weight as a matrix with group_size columns or
 * rows. weight: f32 of any shape; unpacked: u8, that matrix; packed: u8, of 3 bits i32, of so many
 * rows as a word has no room for; rows past the last are 0; scale, zero: f32 of a group; dequant:
 * f32. The solver ends by itself on the device, where a pass is no better than the one before;
 * previous_zero is what the last one began with. With quant_zero and quant_scale zeros and scales
 * are quantized in turn, as HQQLinear.quantize has it with BaseQuantizeConfig's options of these
 * names: zero_q u8 in the shape of `zero`, scale_q u8 [128, groups / 128], and what these decode
 * with, f32 [1] and [1, groups / 128]; `dequant` is then by what they stand for. Throws ShapeError
 * for a group size that does not divide the weight, or 128 the scales to be quantized,
 * QuantizationError for another packing than that of `nbits`.
 */
export const hqqQuantize = launcher(signature, {
  variants: {
    groups: {
      kernels: [
        scaleShader.file,
        refineShader.file,
        ...ABS_MEAN_VARIANT.kernels,
        encodeShader.file,
        packShader.file,
        ...['math/cast', subShader.file, mulShader.file],
      ],
      depth: rowDepth,
    },
  },
  // A pass reads the whole weight.
  storage: {
    widens: true,
    keeps: [
      ...['scale', 'zero', 'dequant', 'previous_zero'],
      ...Object.values(HQQ_META).flatMap(({ scale, zero }) => [scale, zero]),
    ],
  },
  forward: (gpu, { weight }, params) => {
    const words = HQQ_WORDS[params.nbits];
    if (params.packing !== undefined && params.packing !== words.packing)
      throw new QuantizationError(
        `packing ${params.packing} of ${params.nbits} bits: give ${words.packing}`,
      );
    const made = quantized(gpu, weight, params);
    return hqqMeta(params).length === 0 ? made : withMeta(gpu, made, params);
  },
});

function quantized(gpu: Gpu, weight: Tensor, params: Params): Outputs {
  const groups = groupsOf(weight, params);
  using scope = new Scope();
  const grid = firstGrid(gpu, scope, groups, params);
  const solved = params.optimize ? { previous_zero: refined(gpu, groups, grid, params) } : {};
  const { unpacked, dequant } = encoded(gpu, groups, grid, params);
  const packed = packedRows(gpu, groups, unpacked, params);
  const { scale, zero } = grid;
  return { packed, unpacked, scale, zero, dequant, ...solved };
}

/** How scales or zeros are quantized in turn. */
const metaParams = seam('quant.hqq_meta', hqqMetaParams);

/** With its scales or zeros as codes in turn, and decoded by what these stand for. */
function withMeta(gpu: Gpu, { dequant: plain, ...made }: Outputs, params: Params): Outputs {
  using scope = new Scope();
  scope.add(plain);
  const stored: Record<string, Tensor> = {};
  const restored = { scale: made.scale, zero: made.zero };
  for (const part of hqqMeta(params)) {
    const { shape, size } = made[part];
    const meta = quantized(gpu, made[part], metaParams(part, size));
    scope.addAll(meta as Tensors);
    // Of one scale for all zeros no axis is left.
    const kept = (tensor: Tensor, alone: Shape) =>
      tensor.view(part === 'zero' ? alone : tensor.shape).clone();
    const names = HQQ_META[part];
    stored[names.codes] = kept(meta.packed, shape);
    stored[names.scale] = kept(meta.scale, [1]);
    stored[names.zero] = kept(meta.zero, [1]);
    restored[part] = meta.dequant;
  }
  const codes = scope.add(convert(gpu, made.unpacked, 'f32'));
  const steps = scope.add(binary(gpu, subShader, codes, restored.zero));
  const dequant = binary(gpu, mulShader, steps, restored.scale, [], plain.shape);
  return { ...made, ...stored, dequant };
}

function groupsOf(weight: Tensor, { axis, group_size }: Params): Groups {
  if (weight.size % group_size !== 0)
    throw new ShapeError(
      `hqq_quantize: groups of ${group_size} do not divide a weight ${formatShape(weight.shape)}`,
    );
  const count = weight.size / group_size;
  const isRow = axis === 1;
  const strides = isRow ? [group_size, 1] : [1, count];
  return {
    weight,
    count,
    matrix: isRow ? [count, group_size] : [group_size, count],
    shape: isRow ? [count, 1] : [1, count],
    fields: [count, group_size, ...strides].map(u32),
  };
}

/** The inverse of the scales belongs to `scope`, the rest to the caller. */
function firstGrid(
  gpu: Gpu,
  scope: Scope,
  { weight, count, shape, fields }: Groups,
  params: Params,
): Grid {
  const inverse = scope.add(Tensor.empty(gpu, 'f32', shape));
  const scale = Tensor.empty(gpu, 'f32', shape);
  const zero = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader: scaleShader,
    constants: { ROUND_ZERO: Number(params.round_zero) },
    bindings: [weight, inverse, scale, zero].map(({ binding }) => binding),
    uniforms: [...fields, f32(hqqTop(params))],
    workgroups: linearGrid(count),
  });
  return { inverse, scale, zero };
}

/**
 * Refines the zeros in place, in at most `iters` passes of three dispatches, and returns those that
 * the last pass began with.
 */
function refined(
  gpu: Gpu,
  { weight, count, shape, fields }: Groups,
  { inverse, zero }: Grid,
  { group_size, lp_norm, beta, iters, ...params }: Params,
): Tensor {
  using scope = new Scope();
  const previous = Tensor.empty(gpu, 'f32', shape);
  const error = scope.add(Tensor.empty(gpu, 'f32', shape));
  const errors = FIRST_ERRORS.map((x) =>
    scope.add(Tensor.from(gpu, hostTensorFrom('f32', [1], [x]))),
  );
  const least = leastLeft(lp_norm, 1 / beta);
  const numbers = [hqqTop(params), lp_norm - 1, 1 / beta, least];
  for (let pass = 0; pass < iters; pass++) {
    const before = errors.slice(-2);
    gpu.dispatch({
      shader: refineShader,
      bindings: [weight, inverse, ...before, zero, previous, error].map(({ binding }) => binding),
      uniforms: [...fields, ...numbers.map(f32)],
      workgroups: linearGrid(count),
      flops: FLOPS_OF_PASS * weight.size,
    });
    if (pass === iters - 1) break;
    const { mean } = absMean.forward(gpu, { weight: error }, { factor: 1 / group_size });
    errors.push(scope.add(mean));
  }
  return previous;
}

/**
 * The size up to which of no error anything is left, to spare the kernel its power: half of where
 * size = share * size^(p-1). From p of about 2 on more is left of small errors, or as much: of those
 * alone whose logarithm might not be finite nothing is.
 */
function leastLeft(p: number, share: number): number {
  return p < 1.9 ? share ** (1 / (2 - p)) / 2 : 2 ** -100;
}

function encoded(
  gpu: Gpu,
  { weight, matrix, fields }: Groups,
  { inverse, scale, zero }: Grid,
  params: Params,
): { readonly unpacked: Tensor; readonly dequant: Tensor } {
  const unpacked = Tensor.empty(gpu, 'u8', matrix);
  const dequant = Tensor.empty(gpu, 'f32', weight.shape);
  gpu.dispatch({
    shader: encodeShader,
    constants: { SHARED: Number(params.axis === 1 && params.group_size % 4 === 0) },
    bindings: [weight, inverse, scale, zero, unpacked, dequant].map(({ binding }) => binding),
    uniforms: [...fields, u32(weight.size), f32(hqqTop(params))],
    workgroups: gridOfFours(weight.size),
  });
  return { unpacked, dequant };
}

function packedRows(
  gpu: Gpu,
  { matrix: [height, width] }: Groups,
  unpacked: Tensor,
  { nbits }: Params,
): Tensor {
  const { dtype, rows, bits } = HQQ_WORDS[nbits];
  const packed = Tensor.empty(gpu, dtype, [Math.ceil(height / rows), width]);
  gpu.dispatch({
    shader: packShader,
    constants: { BITS: bits, SLICES: rows, WIDE: Number(dtype === 'i32') },
    bindings: [unpacked.binding, packed.binding],
    uniforms: [u32(unpacked.size), u32(packed.size)],
    workgroups: gridOfFours(packed.size),
  });
  return packed;
}
