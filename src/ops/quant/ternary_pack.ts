import packShader from '../../../shaders/quant/ternary_pack.wgsl';
import packBase3Shader from '../../../shaders/quant/ternary_pack_base3.wgsl';
import unpackShader from '../../../shaders/quant/ternary_unpack.wgsl';
import unpackBase3Shader from '../../../shaders/quant/ternary_unpack_base3.wgsl';
import { gridOfFours, linearGrid, type Shader, u32 } from '../../gpu/shader.ts';
import { bytesOfTrits, type TritPacking, tritsOfByte } from '../../quant/ternary/trit-packing.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  ternaryPack as packSignature,
  ternaryUnpack as unpackSignature,
} from '../../vocabulary/quant/ternary_pack.ts';
import { launcher } from '../launcher.ts';

/** The kernel of a packing, with its constants: that to base 3 has no order within a byte. */
const kernelOf = (order: TritPacking, inOrder: Shader, toBase3: Shader) =>
  order === 'base3'
    ? { shader: toBase3 }
    : { shader: inOrder, constants: { HIGH: Number(order === 'high') } };

/**
 * Packs trits (i8 of -1, 0, 1, any shape) four a byte, or five to base 3: u8 [ceil(n / 4)], or
 * [ceil(n / 5)]; missing trits of the last byte are zeros.
 */
export const ternaryPack = launcher(packSignature, {
  variants: { words: { kernels: [packShader.file, packBase3Shader.file] } },
  forward: (gpu, { trits }, { order }) => {
    const packed = Tensor.empty(gpu, 'u8', [bytesOfTrits(trits.size, order)]);
    gpu.dispatch({
      ...kernelOf(order, packShader, packBase3Shader),
      bindings: [trits.binding, packed.binding],
      uniforms: [u32(trits.size)],
      workgroups: linearGrid(Math.ceil(trits.size / (4 * tritsOfByte(order)))),
    });
    return { packed };
  },
});

/**
 * The trits of packed bytes: i8 of the given shape. Throws ShapeError when the bytes are not as
 * many as the shape needs.
 */
export const ternaryUnpack = launcher(unpackSignature, {
  variants: { words: { kernels: [unpackShader.file, unpackBase3Shader.file] } },
  forward: (gpu, { packed }, { order, shape }) => {
    const count = sizeOf(shape);
    if (packed.bytes !== bytesOfTrits(count, order)) {
      throw new ShapeError(
        `${packed.bytes} bytes of packed trits are not a tensor ${formatShape(shape)}`,
      );
    }
    const trits = Tensor.empty(gpu, 'i8', shape);
    gpu.dispatch({
      ...kernelOf(order, unpackShader, unpackBase3Shader),
      bindings: [packed.binding, trits.binding],
      uniforms: [u32(count)],
      workgroups: gridOfFours(count),
    });
    return { trits };
  },
});
