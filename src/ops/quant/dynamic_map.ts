import { dynamicMap } from '../../quant/dynamic-map.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { QuantizationError } from './blocks.ts';

/** Parameters of {@link dynamic_map}, as bitsandbytes' create_dynamic_map names them. */
export interface DynamicMapParams {
  readonly signed: boolean;
  /** Default 7, the only one there is. */
  readonly max_exponent_bits?: number;
  /** Default 8, the only one there is. */
  readonly total_bits?: number;
}

/** The map of 8-bit dynamic quantization, code: f32 [256]. 256 numbers are made on the host, without a kernel, and uploaded. */
export const dynamic_map = defineOp<never, never, 'code', DynamicMapParams>({
  name: 'dynamic_map',
  variants: { host: { kernels: [], depth: () => 1 } },
  forward: (gpu, _inputs, { signed, max_exponent_bits = 7, total_bits = 8 }) => {
    if (max_exponent_bits !== 7 || total_bits !== 8) {
      throw new QuantizationError(`a dynamic map of ${total_bits} bits with ${max_exponent_bits} exponent bits: only 8 with 7 exist here`);
    }
    return { code: Tensor.from(gpu, hostTensor('f32', [256], dynamicMap(signed))) };
  },
});
