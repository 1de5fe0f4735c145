import shader from '../../../shaders/quant/gguf_dequantize.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { GGUF_TYPE_NAMES, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ggufDequantize as signature } from '../../vocabulary/quant/gguf_dequantize.ts';
import { launcher } from '../launcher.ts';

/**
 * What blocks of GGUF's formats stand for, as gguf.quants.dequantize reads them. packed: u8 [...,
 * bytes], rows of whole blocks; y: f32 [..., elements]. Throws ShapeError for rows of other lengths.
 */
export const ggufDequantize = launcher(signature, {
  variants: { eights: { kernels: [shader.file] } },
  forward: (gpu, { packed }, { quant_type }) => {
    const { elements, bytes } = GGUF_TYPES[quant_type];
    const row = packed.shape.at(-1) ?? 0;
    if (packed.shape.length === 0 || row % bytes !== 0)
      throw new ShapeError(
        `gguf_dequantize: rows of ${formatShape(packed.shape)} are no ${quant_type} blocks of ${bytes} bytes`,
      );
    const y = Tensor.empty(gpu, 'f32', [...packed.shape.slice(0, -1), (row / bytes) * elements]);
    gpu.dispatch({
      shader,
      constants: { KIND: GGUF_TYPE_NAMES.indexOf(quant_type) },
      bindings: [y.binding, packed.binding],
      uniforms: [u32(y.size), u32(elements), u32(bytes)],
      workgroups: linearGrid(y.size / 8),
    });
    return { y };
  },
});
