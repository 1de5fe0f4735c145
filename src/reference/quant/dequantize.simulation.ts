import { blockFormatOf } from '../../quant/registry.ts';
import { decoded } from '../../quant/weight.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { dequantizations } from '../../vocabulary/quant/dequantize.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/**
 * What a weight decodes to, stored as `dtype`; the kernels round to half formats with integers, to
 * nearest.
 */
export function decodeStored(
  gpu: SimulatedGpu,
  weight: Parameters<typeof decoded>[0],
  dtype: DType = 'f32',
): Float64Array {
  const y = decoded(weight, (value, scale) => gpu.mul(value, scale));
  return valuesOf(hostTensorFrom(dtype, [y.length], y));
}

export const simulations = Array.from(dequantizations.values(), (signature) =>
  defineSimulation(signature, {
    forward: (gpu, parts, { quant_type, blocksize, shape, dtype }) => {
      const weight = { format: blockFormatOf(quant_type), blocksize, shape, parts };
      return { y: { shape, data: decodeStored(gpu, weight, dtype) } };
    },
  }),
);
