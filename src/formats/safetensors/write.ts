import { bytesPerElement } from '../../tensor/dtype.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { FormatError, quote } from '../format-error.ts';
import { METADATA_KEY } from '../safetensors.ts';
import { STORED_DTYPE } from './stored.ts';

/**
 * The tensors as a `.safetensors` file: the same input gives the same bytes. Wide element types come first, then names in code-unit
 * order, and the header is padded to 8 bytes, so that every tensor is aligned. Throws FormatError for the reserved name `__metadata__`.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = Object.entries(tensors).sort(([nameA, a], [nameB, b]) => {
    const width = bytesPerElement(b.dtype) - bytesPerElement(a.dtype);
    return width || (nameA < nameB ? -1 : 1);
  });
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push([METADATA_KEY, Object.fromEntries(Object.entries(metadata).sort())]);
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === METADATA_KEY) throw new FormatError(`${quote(name)} cannot name a tensor`);
    const start = end;
    end += data.byteLength;
    entries.push([name, { dtype: STORED_DTYPE[dtype], shape, data_offsets: [start, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}
