import { ggufMatmul } from '../ops/matmul/gguf_matmul.ts';
import { ggufDequantize } from '../ops/quant/gguf_dequantize.ts';
import type { GgufType } from '../quant/gguf/types.ts';
import type { Coding, Parts } from './coding.ts';

/** How rows of blocks of a GGUF file are decoded and multiplied. */
export const ggufCoding = (quant_type: GgufType): Coding => ({
  name: quant_type,
  decode: (tape, { shape, parts }, layer) => {
    const { packed } = parts as Parts<'packed'>;
    const { y } = tape.apply(ggufDequantize, { packed }, { quant_type }, `${layer}.dequantize`);
    return tape.view(y, shape);
  },
  multiply: (tape, { parts }, x, layer) => {
    const { packed } = parts as Parts<'packed'>;
    return tape.apply(ggufMatmul, { x, packed }, { quant_type }, layer).y;
  },
});
