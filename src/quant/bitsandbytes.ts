import type { Format } from './format.ts';

/** Elements that may share an absmax in the 4-bit formats of bitsandbytes. */
export const FOUR_BIT_BLOCK_SIZES: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The ops of bitsandbytes, bound to the 4-bit format `quant_type`. */
export function fourBitOps(quant_type: string): Format['ops'] {
  return {
    quantize: 'quantize_4bit',
    dequantize: 'dequantize_4bit',
    multiply: {
      op: 'matmul_4bit',
      params: ({ blocksize, shape: [out_features, in_features] }) => ({
        quant_type,
        blocksize,
        out_features,
        in_features,
      }),
    },
  };
}
