import { dequantizeBlockwise } from '../../ops/quant/dequantize_blockwise.ts';
import { dynamicMap } from '../../ops/quant/dynamic_map.ts';
import { quantizeBlockwise } from '../../ops/quant/quantize_blockwise.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { byteProduct } from '../byte-product.ts';
import type { Coding, Parts } from '../coding.ts';
import { blocksApart, type Choice, type Method, type Scheme } from '../method.ts';

/** bitsandbytes' quantize_blockwise with its signed dynamic map, which is kept beside the codes. */
export const methods: readonly Method[] = [
  {
    name: 'int8_blockwise',
    library: 'bitsandbytes',
    bits: [8],
    groups: [4096, 64, 128, 256, 512, 1024, 2048],
    make: scheme,
  },
];

function scheme({ group }: Choice): Scheme {
  const blocksize = group as number;
  const coding: Coding = {
    name: 'int8_blockwise',
    decode: (tape, { parts }, layer) => {
      const inputs = parts as Parts<'q' | 'code' | 'absmax'>;
      return tape.apply(dequantizeBlockwise, inputs, { blocksize }, `${layer}.dequantize`).y;
    },
    multiply: (tape, { shape, parts }, x, layer) => {
      const { q, code, absmax: scale } = parts as Parts<'q' | 'code' | 'absmax'>;
      return byteProduct(tape, { q, scale, code }, { codes: 'map', blocksize, shape }, x, layer);
    },
  };
  return {
    ops: ['dynamic_map', 'quantize_blockwise', 'dequantize_blockwise', 'matmul_8bit'],
    rowsApart: blocksApart(blocksize),
    product: 'matmul_8bit, decoded in registers',
    parts: (shape) => ({
      q: { dtype: 'u8', shape },
      absmax: { dtype: 'f32', shape: [Math.ceil(sizeOf(shape) / blocksize)] },
      code: { dtype: 'f32', shape: [256] },
    }),
    stored: { q: 'weight', absmax: 'weight.absmax', code: 'weight.quant_map' },
    quantize: (tape, x, layer) => {
      const { code } = tape.apply(dynamicMap, {}, {}, `${layer}.map`);
      const params = { blocksize, rounding: 'nearest' } as const;
      const { q, absmax } = tape.apply(quantizeBlockwise, { x, code }, params, layer);
      return { q, absmax, code };
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}
