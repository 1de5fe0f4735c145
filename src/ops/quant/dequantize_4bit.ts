import shader from '../../../shaders/quant/dequantize_4bit.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { spread, u32 } from '../../gpu/shader.ts';
import type { FourBitType } from '../../quant/four-bit-tables.ts';
import type { DType } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { checkBlock, QuantizationError, storageOf } from './blocks.ts';

/** What a packed 4-bit tensor does not say itself. */
export interface Dequantize4bitParams {
  readonly quant_type: FourBitType;
  readonly blocksize: number;
  /** Shape of the tensor that was packed. */
  readonly shape: Shape;
  /** Default f32. */
  readonly dtype?: 'f32' | 'f16' | 'bf16';
}

/** Throws {@link QuantizationError} unless `type` is a 4-bit type. */
export function checkType(type: FourBitType): void {
  if (type !== 'nf4' && type !== 'fp4') throw new QuantizationError(`quant_type ${type}: give nf4 or fp4`);
}

/**
 * bitsandbytes.functional.dequantize_4bit: value of each code times the absmax of its block, rounded to `dtype` (nearest even).
 * packed: u8 [(n + 1) / 2, 1]; absmax: f32 [ceil(n / blocksize)]. Throws ShapeError when they do not fit the shape.
 */
export const dequantize_4bit = defineOp<'packed' | 'absmax', never, 'y', Dequantize4bitParams>({
  name: 'dequantize_4bit',
  takes: { packed: ['u8'] },
  variants: { words: { kernels: ['quant/dequantize_4bit'], depth: () => 1 } },
  storage: { keeps: ['y'] },
  forward: (gpu, { packed, absmax }, { quant_type, blocksize, shape, dtype = 'f32' }) => {
    checkType(quant_type);
    checkBlock(blocksize);
    const n = sizeOf(shape);
    if (packed.bytes !== Math.ceil(n / 2) || absmax.size !== Math.ceil(n / blocksize)) {
      throw new ShapeError(
        `${packed.bytes} packed bytes and ${absmax.size} scales are not of a tensor ${formatShape(shape)} in blocks of ${blocksize}`,
      );
    }
    return { y: dequantize(gpu, packed, absmax, { type: quant_type, blocksize, shape, dtype }) };
  },
});

function dequantize(
  gpu: Gpu,
  packed: Tensor,
  absmax: Tensor,
  { type, blocksize, shape, dtype }: { type: FourBitType; blocksize: number; shape: Shape; dtype: DType },
): Tensor {
  const STORAGE = storageOf(dtype);
  const y = Tensor.empty(gpu, dtype, shape);
  gpu.dispatch({
    shader,
    constants: { STORAGE, FP4: Number(type === 'fp4') },
    bindings: [packed.binding, absmax.binding, y.binding],
    uniforms: [u32(y.size), u32(blocksize)],
    workgroups: spread(Math.ceil(y.size / 512)),
    flops: y.size,
  });
  return y;
}
