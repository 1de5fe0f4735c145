import type { HostTensor } from '../../tensor/host.ts';
import { FormatError, quote } from '../format-error.ts';
import { METADATA_KEY } from '../safetensors.ts';
import { STORED_BYTES, STORED_DTYPE, type StoredTensor } from './stored.ts';

/** The tensors as a `.safetensors` file, as {@link writeStored} lays it out. */
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
 * The tensors as a `.safetensors` file: the same input gives the same bytes. Wide element types
 * come first, then names in code-unit order, and the header is padded to 8 bytes, so that every
 * tensor is aligned. Throws FormatError for the reserved name `__metadata__`.
 */
export function writeStored(
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const byName = new Map(tensors);
  const sorted = [...byName.keys()]
    .sort()
    .map((name) => [name, byName.get(name) as StoredTensor] as const)
    .sort(([, a], [, b]) => STORED_BYTES[b.dtype] - STORED_BYTES[a.dtype]);
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0)
    entries.push([METADATA_KEY, Object.fromEntries(Object.entries(metadata).sort())]);
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    if (name === METADATA_KEY) throw new FormatError(`${quote(name)} cannot name a tensor`);
    const start = end;
    end += bytes.byteLength;
    entries.push([name, { dtype, shape, data_offsets: [start, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  // Spaces pad the header; all else is written over.
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}

function toStored({ dtype, shape, data }: HostTensor): StoredTensor {
  return {
    dtype: STORED_DTYPE[dtype],
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
