import type { BlockOps, Blocks } from './format.ts';

/** Elements that may share an absmax in the 4-bit formats of bitsandbytes. */
export const FOUR_BIT_BLOCKS = {
  sizes: [32, 64, 128, 256, 512, 1024, 2048, 4096],
  usual: 64,
} as const satisfies Blocks;

/** The ops of bitsandbytes, which its 4-bit formats share. */
export const FOUR_BIT_OPS: BlockOps = {
  quantize: 'quantize_4bit',
  dequantize: 'dequantize_4bit',
  multiply: 'matmul_4bit',
  inBundles: true,
};
