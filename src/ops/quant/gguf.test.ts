import { describe, expect, test } from 'vitest';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

const quantized = (blocks: number, BYTES: number) => ({
  kernel: 'quant/gguf_quantize',
  binds: 'weight packed',
  uniforms: { blocks },
  constants: { BYTES },
});
const read = (n: number, elements: number, bytes: number, KIND: number) => ({
  kernel: 'quant/gguf_dequantize',
  binds: 'y packed',
  uniforms: { n, elements, bytes },
  constants: { KIND },
});
const packed = (quant_type: string, ...shape: number[]) => ({
  inputs: { packed: shape },
  dtypes: { packed: 'u8' } as const,
  params: { quant_type },
});

describe("GGUF's blocks", () => {
  test.each<CallRow>([
    [
      'of 4 bits',
      'gguf_quantize',
      { inputs: { weight: [3, 5, 96] }, params: { quant_type: 'q4_0' } },
      [quantized(45, 0)],
      { packed: 'u8 3x5x54' },
    ],
    [
      'of 8 bits, of halves',
      'gguf_quantize',
      { inputs: { weight: [64] }, dtypes: { weight: 'f16' }, params: { quant_type: 'q8_0' } },
      [quantized(2, 1)],
      { packed: 'u8 68' },
    ],
    ['q4_0', 'gguf_dequantize', packed('q4_0', 5, 36), [read(320, 32, 18, 0)], { y: 'f32 5x64' }],
    ['q5_0', 'gguf_dequantize', packed('q5_0', 22), [read(32, 32, 22, 1)], { y: 'f32 32' }],
    ['q8_0', 'gguf_dequantize', packed('q8_0', 1, 34), [read(32, 32, 34, 2)], { y: 'f32 1x32' }],
    ['q4_k', 'gguf_dequantize', packed('q4_k', 144), [read(256, 256, 144, 3)], { y: 'f32 256' }],
    ['q5_k', 'gguf_dequantize', packed('q5_k', 176), [read(256, 256, 176, 4)], { y: 'f32 256' }],
    ['q6_k', 'gguf_dequantize', packed('q6_k', 420), [read(512, 256, 210, 5)], { y: 'f32 512' }],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each<[op: string, call: Parameters<typeof describedCall>[1], message: string]>([
    [
      'gguf_quantize',
      { inputs: { weight: [2, 48] }, params: { quant_type: 'q8_0' } },
      'gguf_quantize: rows of a weight 2x48 are no blocks of 32',
    ],
    [
      'gguf_quantize',
      { inputs: { weight: [2, 256] }, params: { quant_type: 'q6_k' } },
      'gguf_quantize has no q6_k: give q4_0 or q8_0',
    ],
    [
      'gguf_dequantize',
      packed('q6_k', 2, 144),
      'gguf_dequantize: rows of 2x144 are no q6_k blocks of 210 bytes',
    ],
  ])('are refused: %s of %j', async (op, call, message) => {
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });
});
