import { Tape } from '../../../autograd/tape.ts';
import { mergedNorm } from '../../../ops/lora/dora.ts';
import { isQuantized } from '../../../quant/weight.ts';
import { type DeviceWeight, decodedWeight, inBlockFormat } from '../../../quantizer/coding.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import { Tensor } from '../../../tensor/tensor.ts';

/**
 * What PEFT starts DoRA's magnitude from, f32 [out]: the length of every row of W + s B A, where B
 * is zero yet.
 */
export async function startMagnitude(
  weight: Tensor | DeviceWeight,
  adapter: { readonly lora_A: HostTensor; readonly lora_B: HostTensor },
  layer: string,
): Promise<HostTensor> {
  const { gpu } = isQuantized(weight) ? (Object.values(weight.parts)[0] as Tensor) : weight;
  using tape = new Tape(gpu);
  using lora_A = Tensor.from(gpu, adapter.lora_A);
  using lora_B = Tensor.from(gpu, adapter.lora_B);
  const stored = isQuantized(weight)
    ? (inBlockFormat(tape, weight, layer) ?? decodedWeight(tape, weight, layer))
    : weight;
  using norm = mergedNorm(gpu, { lora_A, lora_B, scale: 1, weight: stored as Tensor });
  return await norm.read();
}
