import type { StoredDType, StoredTensor } from '../formats/safetensors/stored.ts';
import { toStored } from '../formats/safetensors/write.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';

/**
 * Parts of a weight as a file has them, by the names that `stored` gives them; `types` are those of
 * parts whose bits the library reads as something else than we do.
 */
export function filedParts(
  stored: Readonly<Record<string, string>>,
  parts: HostTensors,
  types: Readonly<Record<string, StoredDType>> = {},
): ReadonlyMap<string, StoredTensor> {
  return new Map(
    Object.entries(stored).map(([part, name]) => {
      const tensor = toStored(parts[part] as HostTensor);
      return [name, { ...tensor, dtype: types[part] ?? tensor.dtype }];
    }),
  );
}
