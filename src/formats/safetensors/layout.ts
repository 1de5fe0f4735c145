import { sizeOf } from '../../tensor/shape.ts';
import { FormatError, quote } from '../format-error.ts';
import { METADATA_KEY } from '../safetensors.ts';
import { STORED_BYTES, type StoredTensor } from './stored.ts';

/** A tensor of a file to be written. */
export type StoredShape = Pick<StoredTensor, 'dtype' | 'shape'>;

/** Bytes of its elements. */
export const storedBytes = ({ dtype, shape }: StoredShape): number =>
  sizeOf(shape) * STORED_BYTES[dtype];

/** How a `.safetensors` file begins, and the tensors that follow without gaps. */
export interface SafetensorsLayout {
  /** Length and header. */
  readonly start: Uint8Array<ArrayBuffer>;
  /** Names in the order of their bytes. */
  readonly names: readonly string[];
}

/**
 * Lays a `.safetensors` file out: wide element types come first, then names in code-unit order, and
 * the header is padded to 8 bytes, so that every tensor is aligned. Throws FormatError for the
 * reserved name `__metadata__`.
 */
export function safetensorsLayout(
  tensors: ReadonlyMap<string, StoredShape>,
  metadata: Readonly<Record<string, string>>,
): SafetensorsLayout {
  const sorted = [...tensors]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .sort(([, a], [, b]) => STORED_BYTES[b.dtype] - STORED_BYTES[a.dtype]);
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0)
    entries.push([METADATA_KEY, Object.fromEntries(Object.entries(metadata).sort())]);
  let end = 0;
  for (const [name, { dtype, shape }] of sorted) {
    if (name === METADATA_KEY) throw new FormatError(`${quote(name)} cannot name a tensor`);
    const from = end;
    end += storedBytes({ dtype, shape });
    entries.push([name, { dtype, shape, data_offsets: [from, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(8 + headerBytes).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true);
  start.set(json, 8);
  return { start, names: sorted.map(([name]) => name) };
}
