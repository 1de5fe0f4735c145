import { FOUR_BIT_CODES, type FourBitType } from '../../../quant/four-bit-tables.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import type { Dequantize4bitParams } from '../../quant/dequantize_4bit.ts';
import type { Value } from '../../record.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';

/** What 4-bit codes decode to, stored as `dtype`; the kernels round to half formats with integers, to nearest. */
export function decodeCodes(
  gpu: SimulatedGpu,
  codes: ArrayLike<number>,
  absmax: Float64Array,
  { quant_type, blocksize }: { readonly quant_type: FourBitType; readonly blocksize: number },
  dtype: DType = 'f32',
): Float64Array {
  const y = Float64Array.from(codes, (code, i) =>
    gpu.mul(FOUR_BIT_CODES[quant_type][code] as number, absmax[Math.floor(i / blocksize)] as number),
  );
  return valuesOf(hostTensorFrom(dtype, [y.length], y));
}

export const simulation: Simulation<Dequantize4bitParams> = {
  op: 'dequantize_4bit',
  forward: (gpu, { packed, absmax }, params) => {
    const n = params.shape.reduce((product, size) => product * size, 1);
    const bytes = (packed as Value).data;
    const codes = Array.from({ length: n }, (_, i) => ((bytes[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15);
    return { y: { shape: params.shape, data: decodeCodes(gpu, codes, (absmax as Value).data, params, params.dtype) } };
  },
};
