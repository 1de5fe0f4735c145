import shader from '../../../shaders/quant/unpack_codes.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { unpackCodes as signature } from '../../vocabulary/quant/unpack_codes.ts';
import { launcher } from '../launcher.ts';

/**
 * The codes that bytes (u8) or words (i32) hold: u8 of the given shape. A stream is what MLX packs;
 * slices from the highest bits down are HQQ's, from the lowest up Quanto's. Throws ShapeError where
 * there are too few bits, or none of some slice.
 */
export const unpackCodes = launcher(signature, {
  variants: { words: { kernels: [shader.file] } },
  forward: (gpu, { packed }, { bits, order, shape }) => {
    const n = sizeOf(shape);
    const slices = Math.floor((packed.dtype === 'i32' ? 32 : 8) / bits);
    const held = order === 'stream' ? Math.floor((packed.bytes * 8) / bits) : packed.size * slices;
    if (held < n)
      throw new ShapeError(
        `unpack_codes: ${packed.dtype} ${formatShape(packed.shape)} holds ${held} codes of ${bits} bits, not ${formatShape(shape)}`,
      );
    const codes = Tensor.empty(gpu, 'u8', shape);
    gpu.dispatch({
      shader,
      constants: {
        BITS: bits,
        STREAM: Number(order === 'stream'),
        WIDE: Number(packed.dtype === 'i32'),
        HIGH: Number(order === 'high'),
      },
      bindings: [packed.binding, codes.binding],
      uniforms: [u32(n), u32(packed.size)],
      workgroups: gridOfFours(n),
    });
    return { codes };
  },
});
