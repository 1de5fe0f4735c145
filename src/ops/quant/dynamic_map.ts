import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dynamicMap as signature } from '../../vocabulary/quant/dynamic_map.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from './blocks.ts';

/**
 * The map of 8-bit dynamic quantization, code: f32 [256]. 256 numbers are made on the host, without
 * a kernel, and uploaded.
 */
export const dynamicMap = launcher(signature, {
  variants: { host: { kernels: [] } },
  forward: (gpu, _inputs, { signed, max_exponent_bits, total_bits }) => {
    if (max_exponent_bits !== 7 || total_bits !== 8) {
      throw new QuantizationError(
        `a dynamic map of ${total_bits} bits with ${max_exponent_bits} exponent bits: only 8 with 7 exist here`,
      );
    }
    return { code: Tensor.from(gpu, hostTensor('f32', [256], createDynamicMap(signed))) };
  },
});
