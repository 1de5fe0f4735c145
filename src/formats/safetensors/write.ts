import type { HostTensor } from '../../tensor/host.ts';
import { safetensorsLayout } from './layout.ts';
import { STORED_DTYPE, type StoredTensor } from './stored.ts';

/** The tensors as a `.safetensors` file, as {@link writeStored} writes it. */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return writeStored(
    Object.entries(tensors).map(([name, tensor]) => [name, toStored(tensor)] as const),
    metadata,
  );
}

/**
 * The tensors as a `.safetensors` file, as {@link safetensorsLayout} lays it out: the same input gives
 * the same bytes. Throws FormatError for the reserved name `__metadata__`.
 */
export function writeStored(
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const parts = storedParts(tensors, metadata);
  const file = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.byteLength;
  }
  return file;
}

/** The bytes of the same file in their order: views of the tensors, so that no second copy is made. */
export function storedParts(
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Readonly<Record<string, string>>,
): readonly Uint8Array[] {
  const byName = new Map(tensors);
  const { start, names } = safetensorsLayout(byName, metadata);
  return [start, ...names.map((name) => (byName.get(name) as StoredTensor).bytes)];
}

/** The tensor as a file holds it; the bytes are a view. */
export function toStored({ dtype, shape, data }: HostTensor): StoredTensor {
  return {
    dtype: STORED_DTYPE[dtype],
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
