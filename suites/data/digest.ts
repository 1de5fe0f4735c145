import type { Dataset } from '../../src/data/dataset.ts';
import { sha256 } from '../../src/formats/sha256.ts';

/** SHA-256 of all items, asked in the order of `indices`, each at its own place. */
export async function digestOf<Item>(
  { length, item }: Dataset<Item>,
  numbers: (item: Item) => readonly number[],
  indices: readonly number[] = Array.from({ length }, (_, i) => i),
): Promise<string> {
  const rows = new Map(indices.map((index) => [index, numbers(item(index))]));
  const flat = Array.from({ length }, (_, i) => rows.get(i) ?? []).flat();
  return await sha256(new Uint8Array(Float64Array.from(flat).buffer));
}
