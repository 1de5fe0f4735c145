import { createDynamicMap, hasDynamicMap } from '../../quant/dynamic/map.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dynamicMap as signature } from '../../vocabulary/quant/dynamic_map.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from './blocks.ts';

/**
 * The map of dynamic quantization, code: f32 [256]. 256 numbers are made on the host, without a
 * kernel, and uploaded. Throws {@link QuantizationError} for bits with which bitsandbytes has none.
 */
export const dynamicMap = launcher(signature, {
  variants: { host: { kernels: [] } },
  forward: (gpu, _inputs, { signed, max_exponent_bits, total_bits }) => {
    const bits = { exponents: max_exponent_bits, total: total_bits };
    if (!hasDynamicMap(signed, bits)) {
      throw new QuantizationError(
        `an unsigned dynamic map of ${total_bits} bits with ${max_exponent_bits} exponent bits: give ${total_bits - 1}`,
      );
    }
    return { code: Tensor.from(gpu, hostTensor('f32', [256], createDynamicMap(signed, bits))) };
  },
});
