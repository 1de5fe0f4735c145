import { ggufQuantize } from '../../ops/quant/gguf_quantize.ts';
import { GGUF_TYPES } from '../../quant/gguf/types.ts';
import { matrixView } from '../../tensor/shape.ts';
import { ggufCoding } from '../gguf-coding.ts';
import { type Method, type Scheme, wholeRows } from '../method.ts';

/** The block types of GGUF files that are written here, as the library gguf makes them. */
export const methods: readonly Method[] = (
  [
    ['q4_0', 4],
    ['q8_0', 8],
  ] as const
).map(([name, bits]) => ({
  name,
  library: 'gguf',
  bits: [bits],
  groups: [GGUF_TYPES[name].elements],
  make: () => scheme(name),
}));

function scheme(quant_type: 'q4_0' | 'q8_0'): Scheme {
  const { elements, bytes } = GGUF_TYPES[quant_type];
  return {
    ops: ['gguf_quantize', 'gguf_dequantize', 'gguf_matmul'],
    product: 'gguf_matmul, decoded in registers',
    refuses: wholeRows(elements),
    rowsApart: () => true,
    parts: (shape) => {
      const [rows, width] = matrixView(shape);
      return { packed: { dtype: 'u8', shape: [rows, (width / elements) * bytes] } };
    },
    stored: { packed: 'weight' },
    quantize: (tape, weight, layer) => {
      const rows = tape.view(weight, matrixView(weight.shape));
      const { packed } = tape.apply(ggufQuantize, { weight: rows }, { quant_type }, layer);
      return { packed };
    },
    weight: (parts, shape) => ({ format: ggufCoding(quant_type), shape, parts }),
  };
}
