import * as v from 'valibot';
import type { BlockFormat } from '../../quant/format.ts';
import { size } from '../rules.ts';

/**
 * The parameter `blocksize` of ops that these formats share: elements that share a scale. It has no
 * default where they are those of a row, which parameters do not know.
 */
export function blocksizeOf(
  formats: readonly BlockFormat[],
): v.OptionalSchema<v.GenericSchema<number>, number> {
  const sizes = new Set<number>();
  let usual: number | undefined;
  for (const { blocks } of formats) {
    if (blocks === 'row') return v.optional(size, usual) as ReturnType<typeof blocksizeOf>;
    for (const each of blocks.sizes) sizes.add(each);
    usual ??= blocks.usual;
  }
  return v.optional(v.picklist([...sizes]), usual) as ReturnType<typeof blocksizeOf>;
}
