import { GGUF_TYPES } from '../../quant/gguf/types.ts';
import { f16FromF32 } from '../../tensor/half.ts';
import { ggufQuantize as signature } from '../../vocabulary/quant/gguf_quantize.ts';
import { FLUSH, maxAbs } from '../bounds.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { QUANTIZERS } from './gguf-quantizers.ts';

/** A number over d, as a level: quant/gguf_q4_0 and quant/gguf_q8_0. */
const LEVEL = {
  q4_0: (gpu: SimulatedGpu, x: number, inverse: number) =>
    Math.min(Math.trunc(gpu.mulAdd(x, inverse, 8.5)), 15),
  q8_0: (gpu: SimulatedGpu, x: number, inverse: number) => {
    const y = gpu.mul(x, inverse);
    return Math.sign(y) * Math.round(Math.abs(y)) || 0;
  },
} as const;

/** What lib/block_scale gives as the reciprocal of 0; any code is right then. */
const RECIPROCAL_OF_NONE = 2 ** 127;

/** The zero of a block whose d is none: by the sign of the first number that is as large as any. */
const ZERO = {
  q4_0: (gpu: SimulatedGpu, block: Float64Array) => {
    const seen = block.map((x) => gpu.mul(x, 1));
    const largest = maxAbs(seen);
    return (seen.find((x) => Math.abs(x) === largest) as number) < 0 ? 0 : -0;
  },
  q8_0: () => 0,
} as const;

export const simulation = defineSimulation(signature, {
  // d and its reciprocal are made by integers, exactly.
  forward: (gpu, { weight: { shape, data } }, { quant_type }) => {
    const { elements, bytes } = GGUF_TYPES[quant_type];
    const quantizer = QUANTIZERS[quant_type];
    const packed = Array.from({ length: data.length / elements }, (_, b) => {
      const block = data.subarray(b * elements, (b + 1) * elements);
      const d = quantizer.d(block);
      const isNormal = Math.abs(d) >= FLUSH;
      const half = f16FromF32(isNormal ? d : ZERO[quant_type](gpu, block));
      const inverse = isNormal ? Math.fround(1 / d) : RECIPROCAL_OF_NONE;
      const codes = Array.from(block, (x) => LEVEL[quant_type](gpu, x, inverse));
      return [half & 255, half >> 8, ...quantizer.bytes(codes)];
    });
    const row = ((shape.at(-1) as number) / elements) * bytes;
    return {
      packed: { shape: [...shape.slice(0, -1), row], data: Float64Array.from(packed.flat()) },
    };
  },
});
