import type { RowsOfTensors } from '../../autograd/flat-parameters.ts';
import { EMBEDDINGS, HEAD } from '../../formats/hugging-face/architecture.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { reachOf } from '../../gpu/reach.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { CHUNK_UNIT } from '../../vocabulary/nn/linear_cross_entropy.ts';
import { retrainedOf } from './lora/retrained.ts';

/** Rows of a table that lie in a tensor of their own. */
export interface RowPart {
  /** Of the tensor, in the model. */
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

const TABLES = [EMBEDDINGS, HEAD];

/** Whether a value is read by rows or in chunks, so that it may lie in several tensors. */
export const isTable = (name: string): boolean => TABLES.includes(name);

/** The name of a part of a table, as the model's values have it. */
export const partName = (table: string, part: number): string => `${table}.part_${part}`;

/** Bytes of the fewest rows, f32, that a part of a table may have. */
export const smallestPart = ([rows = 0, ...rest]: Shape): number =>
  Math.min(rows, CHUNK_UNIT) * sizeOf(rest) * bytesPerElement('f32');

/**
 * The parts in which a value f32 lies on the device, each within what a kernel of the adapter
 * reaches: one, of its own name, where it fits or is no table.
 */
export function rowParts(
  { limits }: Pick<Gpu, 'limits'>,
  name: string,
  shape: Shape,
): readonly RowPart[] {
  const [rows = 1, ...rest] = shape;
  const width = sizeOf(rest) * bytesPerElement('f32');
  const most = reachOf(limits);
  const units = Math.floor(most / (width * CHUNK_UNIT));
  // What not even the smallest part fits is refused as a whole when it is allocated.
  if (!isTable(name) || rows * width <= most || units === 0)
    return [{ name, first: 0, count: rows }];
  const atOnce = units * CHUNK_UNIT;
  return Array.from({ length: Math.ceil(rows / atOnce) }, (_, i) => ({
    ...{ name: partName(name, i), first: i * atOnce },
    count: Math.min(atOnce, rows - i * atOnce),
  }));
}

/** Rows of each part of what is trained, which keeps one name: of a table, or of its trained copy. */
export const rowsOnDevice =
  (gpu: Pick<Gpu, 'limits'>): RowsOfTensors =>
  (name, shape) =>
    rowParts(gpu, retrainedOf(name) ?? name, shape).map(({ count }) => count);
