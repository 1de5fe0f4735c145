import shader from '../../../shaders/quant/dequantize_4bit.wgsl';
import { spread, u32 } from '../../gpu/shader.ts';
import { fourBitFormat } from '../../quant/registry.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantize4bit as signature } from '../../vocabulary/quant/dequantize_4bit.ts';
import { launcher } from '../launcher.ts';
import { checkBlock, storageOf } from './blocks.ts';

/**
 * bitsandbytes.functional.dequantize_4bit: value of each code times the absmax of its block,
 * rounded to `dtype` (nearest even). packed: u8 [(n + 1) / 2, 1]; absmax: f32 [ceil(n /
 * blocksize)]. Throws ShapeError when they do not fit the shape.
 */
export const dequantize4bit = launcher(signature, {
  variants: { words: { kernels: ['quant/dequantize_4bit'], depth: () => 1 } },
  storage: { keeps: ['y'] },
  forward: (gpu, { packed, absmax }, { quant_type, blocksize, shape, dtype }) => {
    const { packing, table = 0 } = fourBitFormat(quant_type);
    checkBlock(blocksize);
    const n = sizeOf(shape);
    if (packed.bytes !== packing.bytesOf(n) || absmax.size !== Math.ceil(n / blocksize)) {
      throw new ShapeError(
        `${packed.bytes} packed bytes and ${absmax.size} scales are not of a tensor ${formatShape(shape)} in blocks of ${blocksize}`,
      );
    }
    const STORAGE = storageOf(dtype);
    const y = Tensor.empty(gpu, dtype, shape);
    gpu.dispatch({
      shader,
      constants: { STORAGE, TABLE: table },
      bindings: [packed.binding, absmax.binding, y.binding],
      uniforms: [u32(n), u32(blocksize)],
      workgroups: spread(Math.ceil(n / 512)),
      flops: n,
    });
    return { y };
  },
});
