import { cast } from '../../ops/math/cast.ts';
import { type Coding, denseProduct, type Parts } from '../coding.ts';
import type { Method, Scheme } from '../method.ts';

const NAMES = { f16: 'float16', bf16: 'bfloat16' } as const;

/** Weights stored in halves: products read them where they lie. */
export const methods: readonly Method[] = (['f16', 'bf16'] as const).map((dtype) => ({
  name: dtype,
  library: 'torch',
  bits: [16],
  groups: ['tensor'],
  make: () => scheme(dtype),
}));

function scheme(dtype: keyof typeof NAMES): Scheme {
  const coding: Coding = {
    name: dtype,
    decode: (tape, { parts }, layer) => {
      const { weight: x } = parts as Parts<'weight'>;
      return tape.apply(cast, { x }, { to: 'float32' }, `${layer}.dequantize`).y;
    },
    multiply: (tape, { parts }, x, layer) =>
      denseProduct(tape, (parts as Parts<'weight'>).weight, x, layer),
  };
  return {
    ops: ['cast', 'matmul'],
    product: 'matmul, halves read where they lie',
    rowsApart: () => true,
    parts: (shape) => ({ weight: { dtype, shape } }),
    stored: { weight: 'weight' },
    quantize: (tape, x, layer) => ({
      weight: tape.apply(cast, { x }, { to: NAMES[dtype] }, layer).y,
    }),
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}
