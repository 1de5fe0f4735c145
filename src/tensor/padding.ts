import { wholeWords } from '../gpu/memory.ts';
import { seam } from '../seam.ts';
import type { Tensor } from './tensor.ts';

/** A tensor whose bytes are no whole words, and what it takes of memory. */
export interface Padded {
  readonly name: string;
  readonly bytes: number;
  readonly held: number;
}

/** Those of the tensors, in their order, that take more memory than their elements fill. */
export const paddedOf = seam(
  'tensor.paddedOf',
  (tensors: ReadonlyMap<string, Pick<Tensor, 'bytes'>>): readonly Padded[] =>
    Array.from(tensors, ([name, { bytes }]) => ({ name, bytes, held: wholeWords(bytes) })).filter(
      ({ bytes, held }) => held > bytes,
    ),
);
