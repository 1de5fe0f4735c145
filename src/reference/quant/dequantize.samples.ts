import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import type { Dequantize } from '../../vocabulary/quant/dequantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { blockCount } from './blocks.ts';

/** A sample of a `dequantize` op: any codes. */
export function sample(
  level: 'exact' | 'legal',
  params: GivenParams<Dequantize>,
): SampleOf<Dequantize> {
  const { quant_type, blocksize, shape, dtype = 'f32' } = params;
  const { packing, scales } = blockFormatOf(quant_type);
  const bytes = packing.bytesOf(sizeOf(shape));
  const blocks = blockCount(sizeOf(shape), blocksize);
  // Every legal GPU multiplies by a power of two without error, which leaves table, order of codes
  // and blocks to be seen.
  const scale = level === 'exact' ? (x: number) => 2 ** Math.round(6 * x) : (x: number) => x;
  return {
    level,
    label: {
      y: formatShape(shape),
      type: quant_type,
      block: blocksize,
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params,
    inputs: (random) => ({
      packed: hostTensorFrom(
        'u8',
        [bytes, 1],
        random.fill(bytes, () => random.integer(0, 255)),
      ),
      absmax: hostTensorFrom(
        scales,
        [blocks],
        random.fill(blocks, () => scale(random.uniform())),
      ),
    }),
  };
}

/** Samples of a format for whose op none are written: odd sizes and every dtype. */
export function samplesOfFormat({ name, blocks }: BlockFormat): readonly SampleOf<Dequantize>[] {
  const stored = (...shape: readonly number[]) => ({
    quant_type: name,
    blocksize: blocks === 'row' ? (shape.at(-1) as number) : blocks.usual,
    shape,
  });
  return [
    sample('exact', stored(37, 53)),
    sample('legal', stored(1)),
    sample('legal', stored(64, 64)),
    sample('legal', { ...stored(3, 3001), dtype: 'f16' }),
    sample('legal', { ...stored(7, 97), dtype: 'bf16' }),
  ];
}
