import { quantizedTensors } from '../../formats/quantized-checkpoint.ts';
import { quantizerOf } from '../../ops/quant/quantize.ts';
import { FOUR_BIT_BLOCKS } from '../../quant/bitsandbytes.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, FOUR_BIT_NAMES } from '../../quant/registry.ts';
import { seam } from '../../seam.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { doubleQuantized } from '../double-quantized.ts';
import { blocksApart, type Choice, type Method, type Scheme } from '../method.ts';

const scheme = seam(
  'quantizer.four_bit_scheme',
  (format: BlockFormat, { group, quantScale = false }: Choice): Scheme => {
    const blocksize = group as number;
    if (quantScale) return doubleQuantized(format, blocksize);
    const { quantize, dequantize, multiply } = format.ops;
    return {
      ops: [quantize, dequantize, multiply.op],
      product: `${multiply.op}, decoded in registers`,
      rowsApart: blocksApart(blocksize),
      parts: (shape) => ({
        packed: { dtype: 'u8', shape: [format.packing.bytesOf(sizeOf(shape)), 1] },
        absmax: { dtype: 'f32', shape: [Math.ceil(sizeOf(shape) / blocksize)] },
      }),
      stored: { packed: 'weight', absmax: 'weight.absmax' },
      filed: (parts, shape) =>
        quantizedTensors(
          new Map([['weight', { format, blocksize, shape, parts, dtype: 'float32' }]]),
        ),
      quantize: (tape, weight, layer) => {
        const params = { quant_type: format.name, blocksize };
        const { packed, absmax } = tape.apply(quantizerOf(format), { weight }, params, layer);
        return { packed, absmax };
      },
      weight: (parts, shape) => ({ format, blocksize, shape, parts }),
    };
  },
);

/** bitsandbytes' Linear4bit: blocks of the flat weight. */
export const methods: readonly Method[] = FOUR_BIT_NAMES.map((name) => ({
  name,
  library: 'bitsandbytes',
  bits: [4],
  groups: [
    FOUR_BIT_BLOCKS.usual,
    ...FOUR_BIT_BLOCKS.sizes.filter((size) => size !== FOUR_BIT_BLOCKS.usual),
  ],
  metas: [{}, { quantScale: true }],
  make: (choice) => scheme(blockFormatOf(name), choice),
}));
