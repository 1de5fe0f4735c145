import packShader from '../../../shaders/quant/ternary_pack.wgsl';
import unpackShader from '../../../shaders/quant/ternary_unpack.wgsl';
import { gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  ternaryPack as packSignature,
  ternaryUnpack as unpackSignature,
} from '../../vocabulary/quant/ternary_pack.ts';
import { launcher } from '../launcher.ts';

/**
 * Packs trits (i8 of -1, 0, 1, any shape) four a byte: u8 [ceil(n / 4)], missing trits of the last
 * byte are zeros.
 */
export const ternaryPack = launcher(packSignature, {
  variants: { words: { kernels: ['quant/ternary_pack'] } },
  forward: (gpu, { trits }, { order }) => {
    const packed = Tensor.empty(gpu, 'u8', [Math.ceil(trits.size / 4)]);
    gpu.dispatch({
      shader: packShader,
      constants: { HIGH: Number(order === 'high') },
      bindings: [trits.binding, packed.binding],
      uniforms: [u32(trits.size)],
      workgroups: linearGrid(Math.ceil(trits.size / 16)),
    });
    return { packed };
  },
});

/**
 * The trits of packed bytes: i8 of the given shape. Throws ShapeError when the bytes are not as
 * many as the shape needs.
 */
export const ternaryUnpack = launcher(unpackSignature, {
  variants: { words: { kernels: ['quant/ternary_unpack'] } },
  forward: (gpu, { packed }, { order, shape }) => {
    const count = sizeOf(shape);
    if (packed.bytes !== Math.ceil(count / 4)) {
      throw new ShapeError(
        `${packed.bytes} bytes of packed trits are not a tensor ${formatShape(shape)}`,
      );
    }
    const trits = Tensor.empty(gpu, 'i8', shape);
    gpu.dispatch({
      shader: unpackShader,
      constants: { HIGH: Number(order === 'high') },
      bindings: [packed.binding, trits.binding],
      uniforms: [u32(count)],
      workgroups: gridOfFours(count),
    });
    return { trits };
  },
});
