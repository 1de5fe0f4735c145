import shader from '../../../shaders/quant/gguf_quantize.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { GGUF_QUANTIZERS, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ggufQuantize as signature } from '../../vocabulary/quant/gguf_quantize.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from './blocks.ts';

/**
 * Rows of a weight [..., cols] as blocks of GGUF's q4_0 or q8_0, bit for bit as
 * gguf.quants.quantize makes them where arithmetic is IEEE's. packed: u8 [..., bytes]. Throws
 * QuantizationError for a type whose blocks are read alone, ShapeError for rows that are no whole
 * blocks.
 */
export const ggufQuantize = launcher(signature, {
  variants: { pairs: { kernels: [shader.file] } },
  forward: (gpu, { weight }, { quant_type }) => {
    if (!GGUF_QUANTIZERS.includes(quant_type))
      throw new QuantizationError(
        `gguf_quantize has no ${quant_type}: give ${GGUF_QUANTIZERS.join(' or ')}`,
      );
    const { elements, bytes } = GGUF_TYPES[quant_type];
    const cols = weight.shape.at(-1) ?? 0;
    if (weight.shape.length === 0 || cols % elements !== 0)
      throw new ShapeError(
        `gguf_quantize: rows of a weight ${formatShape(weight.shape)} are no blocks of ${elements}`,
      );
    const blocks = weight.size / elements;
    const packed = Tensor.empty(gpu, 'u8', [
      ...weight.shape.slice(0, -1),
      (cols / elements) * bytes,
    ]);
    gpu.dispatch({
      shader,
      constants: { BYTES: Number(quant_type === 'q8_0') },
      bindings: [weight.binding, packed.binding],
      uniforms: [u32(blocks)],
      workgroups: linearGrid(Math.ceil(blocks / 2)),
    });
    return { packed };
  },
});
