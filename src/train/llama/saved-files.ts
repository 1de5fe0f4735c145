import { FormatError } from '../../formats/format-error.ts';
import { requireFinite } from '../../formats/hugging-face/finite-weights.ts';
import type { PartFile } from '../../formats/part-file.ts';
import { toHostTensor } from '../../formats/safetensors/stored.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';

/** An adapter of every linear of a large model, or its added blocks, has some gigabytes. */
export const MOST_WEIGHT_BYTES = 2 ** 31;

/** All bytes of a file. Throws FormatError for one of more than `most`. */
export async function wholeFile(name: string, file: PartFile, most: number): Promise<Uint8Array> {
  if (file.bytes > most) throw new FormatError(`${name} has ${file.bytes} bytes: at most ${most}`);
  return await file.read(0, file.bytes);
}

/**
 * The tensors of a safetensors file of that name, halves as float32. Throws FormatError, and
 * CheckpointError `not-finite` for a number that nothing can be computed with.
 */
export function float32In(file: string, bytes: Uint8Array): ReadonlyMap<string, HostTensor> {
  return new Map(
    [...readSafetensors(bytes).tensors].map(([name, stored]) => {
      requireFinite(stored, { name, shard: file, shape: stored.shape });
      const host = toHostTensor(stored);
      const isFloat = host.dtype === 'f32';
      return [name, isFloat ? host : hostTensorFrom('f32', host.shape, valuesOf(host))];
    }),
  );
}
