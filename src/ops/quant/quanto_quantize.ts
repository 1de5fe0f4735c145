import packShader from '../../../shaders/quant/quanto_pack.wgsl';
import scaleShader from '../../../shaders/quant/quanto_scale.wgsl';
import { gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantoGroups,
  quantoBits,
  quantoGroups,
  quantoQuantize as signature,
} from '../../vocabulary/quant/quanto_quantize.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError, storageOf } from './blocks.ts';
import {
  encode,
  type GroupFields,
  groupUniforms,
  QUANTO_CODES_KERNEL,
  QUANTO_KINDS,
} from './quanto-codes.ts';

/**
 * A weight of two dimensions or more in Quanto's formats, by the scales of its MaxOptimizer and
 * AbsmaxOptimizer. qint2 and qint4: unpacked, u8 codes in the matrix whose rows (axis 0) or columns
 * (axis -1) are groups; packed, those of slices of its rows side by side in a byte; scale and shift
 * of each group. qint8, i8, and float8, u8: q like the weight, and scale of each index of the axis.
 * Along an axis of one index groups are as quantoGroups says.
 * dequant like the weight; floats have the weight's format. A group whose scale is 0 has codes of 0.
 * Throws SignatureError for groups that do not fill the weight, QuantizationError for those of 8 bits.
 */
export const quantoQuantize = launcher(signature, {
  variants: {
    groups: { kernels: [scaleShader.file, QUANTO_CODES_KERNEL, packShader.file] },
  },
  forward: (gpu, { weight }, params) => {
    if (quantoBits(params) === 8 && params.group_size !== undefined)
      throw new QuantizationError(`${params.qtype} has no groups`);
    const groups = quantoGroups(weight.shape, params);
    const { kind } = QUANTO_KINDS[params.qtype];
    const isAffine = kind === 0;
    const scale = Tensor.empty(gpu, 'f32', groups.scale);
    const shift = isAffine ? Tensor.empty(gpu, 'f32', groups.scale) : undefined;
    const codes = Tensor.empty(gpu, kind === 1 ? 'i8' : 'u8', groups.shape);
    const dequant = Tensor.empty(gpu, 'f32', weight.shape);
    const fields = fieldsOf(groups);
    const storage = storageOf(weight.dtype);
    gpu.dispatch({
      shader: scaleShader,
      constants: { AFFINE: Number(isAffine), STORAGE: storage },
      // Where no shifts are wanted they are overwritten by the other kernel, which reads none.
      bindings: [weight, scale, shift ?? dequant].map(({ binding }) => binding),
      uniforms: groupUniforms(fields, params.qtype),
      workgroups: linearGrid(scale.size),
    });
    const { inColumns } = groups;
    const parts = { weight, scale, shift, codes, dequant };
    encode(gpu, parts, { ...fields, inColumns }, { qtype: params.qtype, storage });
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

/** How the kernels count the groups of a weight. */
function fieldsOf({ scale, length, apart }: QuantoGroups): GroupFields {
  const count = sizeOf(scale);
  const cols = Math.max(1, apart);
  return { count, length, cols, apart: count / cols };
}
