import { blockFormatOf } from '../../quant/registry.ts';
import { isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import type { InputsOf, ParamsOf } from '../signature.ts';
import type { loraLinear } from './lora_linear.ts';

type Base = Partial<Pick<ParamsOf<typeof loraLinear>, 'base' | 'blocksize'>>;

/**
 * A frozen weight under the names of lora_linear: its tensors, and the parameters that say how it
 * is stored.
 */
export function frozenInputs<T extends object>(
  weight: T | QuantizedWeight<T>,
): {
  readonly tensors: Partial<InputsOf<typeof loraLinear, T>>;
  readonly params: Base;
} {
  if (!isQuantized(weight)) return { tensors: { weight }, params: { base: 'dense' } };
  const { format, blocksize, parts } = weight;
  return {
    tensors: parts,
    params: { base: format.name, ...(blocksize === undefined ? {} : { blocksize }) },
  };
}

/**
 * The frozen weight among the inputs of lora_linear; undefined where the one that `base` needs is
 * not there.
 */
export function frozenWeight<T extends { readonly shape: readonly number[] }>(
  { weight, packed, absmax, lora_A, lora_B }: InputsOf<typeof loraLinear, T>,
  { base, blocksize }: Required<Base>,
): T | QuantizedWeight<T> | undefined {
  if (base === 'dense') return weight;
  if (!packed || !absmax) return undefined;
  const shape = [lora_B.shape[0] as number, lora_A.shape[1] as number];
  return { format: blockFormatOf(base), blocksize, shape, parts: { packed, absmax } };
}
