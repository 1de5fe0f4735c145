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
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(headerBytes), true);
  const header = new Uint8Array(headerBytes).fill(0x20);
  header.set(json);
  const file = new Uint8Array(8 + headerBytes + end);
  let at = 0;
  for (const part of [length, header, ...sorted.map(([, { bytes }]) => bytes)]) {
    file.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return file;
}

/** The tensor as a file holds it; the bytes are a view. */
export function toStored({ dtype, shape, data }: HostTensor): StoredTensor {
  return {
    dtype: STORED_DTYPE[dtype],
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
