import type { StoredTensors } from '../../formats/parity-bundle/check.ts';
import { float64Of, type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import { specOf, type TensorSpec, type Value, type Values } from '../../reference/record.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../../tensor/host.ts';

/**
 * Recorded tensors in the element types that our launcher takes, exact but for float64, which is
 * rounded to float32.
 */
export function fitAll(
  stored: StoredTensors,
  specs: Readonly<Record<string, TensorSpec>>,
): HostTensors {
  return Object.fromEntries(
    Object.entries(stored).map(([name, tensor]) => [
      name,
      convert(tensor, specOf(specs, name)?.dtypes ?? ['f32']),
    ]),
  );
}

function convert(stored: StoredTensor, dtypes: TensorSpec['dtypes']): HostTensor {
  if (stored.dtype !== 'F64') {
    const host = toHostTensor(stored);
    if (dtypes.includes(host.dtype) || (dtypes.includes('f32') && isHalf(host.dtype))) return host;
  }
  // uint32 words are stored as int32 bits, which the conversion to u32 restores.
  return hostTensorFrom(dtypes[0] as DType, stored.shape, float64Of(stored));
}

/**
 * What the producer had, for the oracle: float64 elements are not rounded, and have no element type
 * of ours. `fitted` tells those of the others.
 */
export function valuesOfStored(stored: StoredTensors, fitted: HostTensors): Values {
  return mapValues(stored, (tensor, name) => {
    const host = fitted[name];
    const data = host?.dtype === 'u32' ? valuesOf(host) : float64Of(tensor);
    const isRounded = tensor.dtype === 'F64';
    return { shape: tensor.shape, ...(host && !isRounded ? { dtype: host.dtype } : {}), data };
  });
}

function mapValues<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T, name: string) => Value,
): Values {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, change(value, name)]),
  );
}
