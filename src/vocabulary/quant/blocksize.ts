import * as v from 'valibot';
import type { BlockFormat } from '../../quant/format.ts';
import { size } from '../rules.ts';

/**
 * The parameter `blocksize` of an op that takes these formats: elements that share a scale. By
 * default as many as is usual for the first; where they are those of a row it has none, since
 * parameters do not know the row.
 */
export function blocksizeOf(
  formats: readonly BlockFormat[],
  usual = usualOf(formats[0]),
): v.OptionalSchema<v.GenericSchema<number>, number> {
  const sizes = new Set<number>();
  for (const { blocks } of formats) {
    if (blocks === 'row') return v.optional(size, usual) as ReturnType<typeof blocksizeOf>;
    for (const each of blocks.sizes) sizes.add(each);
  }
  return v.optional(v.picklist([...sizes]), usual) as ReturnType<typeof blocksizeOf>;
}

function usualOf(format: BlockFormat | undefined): number | undefined {
  return format && format.blocks !== 'row' ? format.blocks.usual : undefined;
}
