import shaders from '../../../shaders/quant/dequantize.wgsl?links';
import { linearGrid, linkedShader, u32 } from '../../gpu/shader.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Dequantize, dequantizations } from '../../vocabulary/quant/dequantize.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { checkBlockOf, storageOf } from './blocks.ts';
import { blockSizes } from './format-shader.ts';

/**
 * bitsandbytes.functional.dequantize_4bit, in any block format: value of each code times the absmax
 * of its block, rounded to `dtype` (nearest even). packed: u8 [bytes, 1]; absmax [ceil(n /
 * blocksize)] as the format stores it. Throws ShapeError when they do not fit the shape.
 */
const dequantizer = (signature: Dequantize): Launcher<Dequantize> =>
  launcher(signature, {
    variants: { words: { kernels: ['quant/dequantize'] } },
    storage: { keeps: ['y'] },
    forward: (gpu, { packed, absmax }, { quant_type, blocksize, shape, dtype }) => {
      const format = blockFormatOf(quant_type);
      checkBlockOf(format, blocksize, shape);
      const n = sizeOf(shape);
      if (packed.bytes !== format.packing.bytesOf(n) || absmax.size !== Math.ceil(n / blocksize)) {
        throw new ShapeError(
          `${packed.bytes} packed bytes and ${absmax.size} scales are not of a tensor ${formatShape(shape)} in blocks of ${blocksize}`,
        );
      }
      const STORAGE = storageOf(dtype);
      const y = Tensor.empty(gpu, dtype, shape);
      const blocks = blockSizes(format, blocksize, n);
      gpu.dispatch({
        shader: linkedShader(shaders, format.name),
        constants: { STORAGE, ...blocks.constants },
        bindings: [y.binding, packed.binding, absmax.binding],
        uniforms: [u32(n), ...blocks.uniforms],
        workgroups: linearGrid(Math.ceil(n / 16)),
      });
      return { y };
    },
  });

export const dequantizers: ReadonlyMap<string, Launcher<Dequantize>> = new Map(
  Array.from(dequantizations, ([op, signature]) => [op, dequantizer(signature)]),
);

/** The launcher of the op that a format binds as `dequantize`. */
export function dequantizerOf({ ops }: BlockFormat): Launcher<Dequantize> {
  return dequantizers.get(ops.dequantize) as Launcher<Dequantize>;
}
