import type { Gpu } from '../gpu/gpu.ts';
import type { ValueType } from '../graph/graph.ts';
import { seam } from '../seam.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { type Scheme, widthOf } from './method.ts';

/** A weight f32 [out, ...] on the host, whose rows are read as they are needed. */
export interface WeightRows {
  readonly shape: Shape;
  /** Rows [count, ...] from `first` on. */
  readonly read: (first: number, count: number) => HostTensor;
}

/** Rows after which every part of a weight lies at a whole word, whatever its bits and width. */
export const ROWS_OF_WHOLE_WORDS = 32;

/**
 * How many rows of a weight f32 are quantized at once within so many bytes: all, or a multiple that
 * no part splits a word at; 0 where not even these fit.
 */
export function rowsAtOnce(shape: Shape, bytes: number): number {
  const [rows = 1] = shape;
  const fit = Math.floor(bytes / (widthOf(shape) * bytesPerElement('f32')));
  return fit >= rows ? rows : Math.floor(fit / ROWS_OF_WHOLE_WORDS) * ROWS_OF_WHOLE_WORDS;
}

/** What a kernel of the adapter reaches at once. Bytes. */
export const mostAtOnce = ({ limits }: Pick<Gpu, 'limits'>): number =>
  limits['maxStorageBufferBindingSize'] as number;

/**
 * Puts the parts of `count` rows from `first` on where they belong among those of a weight [out,
 * ...rest]; what a weight has once, as a table of codes, comes with its first rows.
 */
export const place = seam(
  'quantizer.place',
  (
    { parts }: Pick<Scheme, 'parts'>,
    whole: Tensors,
    made: Tensors,
    {
      first,
      count,
      rest,
    }: { readonly first: number; readonly count: number; readonly rest: Shape },
  ): void => {
    const ofNoRow = parts([0, ...rest]);
    const before = parts([first, ...rest]);
    for (const [name, { shape }] of Object.entries(parts([count, ...rest]))) {
      const isOnce = bytesOf(ofNoRow[name]) > 0;
      if (isOnce && first > 0) continue;
      const offset = isOnce ? 0 : bytesOf(before[name]);
      (whole[name] as Tensor).view(shape, { offset }).copyFrom((made[name] as Tensor).view(shape));
    }
  },
);

function bytesOf(part: ValueType | undefined): number {
  return part ? sizeOf(part.shape) * bytesPerElement(part.dtype) : 0;
}
