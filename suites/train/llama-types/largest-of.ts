import type { Value } from '../../../src/reference/record.ts';

/** Places of the so many largest numbers of a tensor, whatever their sign, the largest first. */
export const largestOf = ({ data }: Value, count: number): readonly number[] =>
  [...data.keys()]
    .sort((a, b) => Math.abs(data[b] as number) - Math.abs(data[a] as number))
    .slice(0, count);
