import codesShader from '../../../shaders/quant/quanto_codes.wgsl';
import packShader from '../../../shaders/quant/quanto_pack.wgsl';
import scaleShader from '../../../shaders/quant/quanto_scale.wgsl';
import { f32, gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantoGroups,
  type QuantoParams,
  quantoBits,
  quantoGroups,
  quantoQuantize as signature,
} from '../../vocabulary/quant/quanto_quantize.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError, storageOf } from './blocks.ts';

/** The kernel's KIND of codes, and what the scale divides the range by. */
const KINDS = {
  qint2: { kind: 0, levels: 3 },
  qint4: { kind: 0, levels: 15 },
  qint8: { kind: 1, levels: 127 },
  qfloat8: { kind: 2, levels: 448 },
  qfloat8_e4m3fn: { kind: 2, levels: 448 },
  qfloat8_e5m2: { kind: 3, levels: 57_344 },
} as const satisfies Readonly<Record<QuantoParams['qtype'], { kind: number; levels: number }>>;

/**
 * A weight of two dimensions or more in Quanto's formats, by the scales of its MaxOptimizer and
 * AbsmaxOptimizer. qint2 and qint4: unpacked, u8 codes in the matrix whose rows (axis 0) or columns
 * (axis -1) are groups; packed, those of slices of its rows side by side in a byte; scale and shift
 * of each group. qint8, i8, and float8, u8: q like the weight, and scale of each index of the axis.
 * dequant like the weight; floats have the weight's format. A group whose scale is 0 has codes of 0.
 * Throws SignatureError for groups that do not fill the weight, QuantizationError for those of 8 bits.
 */
export const quantoQuantize = launcher(signature, {
  variants: {
    groups: { kernels: [scaleShader.file, codesShader.file, packShader.file] },
  },
  forward: (gpu, { weight }, params) => {
    if (quantoBits(params) === 8 && params.group_size !== undefined)
      throw new QuantizationError(`${params.qtype} has no groups`);
    const groups = quantoGroups(weight.shape, params);
    const { kind, levels } = KINDS[params.qtype];
    const isAffine = kind === 0;
    const scale = Tensor.empty(gpu, 'f32', groups.scale);
    const shift = isAffine ? Tensor.empty(gpu, 'f32', groups.scale) : undefined;
    const codes = Tensor.empty(gpu, kind === 1 ? 'i8' : 'u8', groups.shape);
    const dequant = Tensor.empty(gpu, 'f32', weight.shape);
    const fields = [...fieldsOf(weight.shape, groups, params), f32(levels)];
    const STORAGE = storageOf(weight.dtype);
    const isShared = params.axis === 0 && groups.length % 4 === 0;
    const words = isShared && groups.length % 16 === 0 ? 4 : 1;
    gpu.dispatch({
      shader: scaleShader,
      constants: { AFFINE: Number(isAffine), STORAGE },
      // Where no shifts are wanted they are overwritten by the other kernel, which reads none.
      bindings: [weight, scale, shift ?? dequant].map(({ binding }) => binding),
      uniforms: fields,
      workgroups: linearGrid(scale.size),
    });
    gpu.dispatch({
      shader: codesShader,
      constants: {
        KIND: kind,
        STORAGE,
        COLUMNS: Number(params.axis !== 0),
        SHARED: Number(isShared),
        WORDS: words,
      },
      bindings: [weight, scale, shift ?? weight, codes, dequant].map(({ binding }) => binding),
      uniforms: fields,
      workgroups: gridOfFours(weight.size / words),
    });
    if (!shift) return { q: codes, scale, dequant };
    const bits = quantoBits(params);
    const [rows = 0, ...rest] = groups.shape;
    const packed = Tensor.empty(gpu, 'u8', [Math.ceil((rows * bits) / 8), ...rest]);
    gpu.dispatch({
      shader: packShader,
      constants: {
        BITS: bits,
        ALIGNED: Number(packed.size % 4 === 0 && codes.size === (packed.size * 8) / bits),
      },
      bindings: [codes.binding, packed.binding],
      uniforms: [u32(codes.size), u32(packed.size)],
      workgroups: gridOfFours(packed.size),
    });
    return { packed, unpacked: codes, scale, shift, dequant };
  },
});

/** The kernels' `Groups`. */
function fieldsOf(weight: Shape, { scale, length }: QuantoGroups, { axis }: QuantoParams) {
  const count = sizeOf(scale);
  const cols = axis === 0 ? 1 : Math.max(1, weight.at(-1) as number);
  return [count, length, cols, axis === 0 ? count : count / cols].map(u32);
}
