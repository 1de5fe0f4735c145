import type { Constants } from '../../gpu/pipelines.ts';
import { type UniformField, u32 } from '../../gpu/shader.ts';
import type { Format } from '../../quant/format.ts';

/**
 * What kernels that decode eight elements at a time are told of blocks: the fields `block` and
 * `block_shift`, and whether eight are always one word of one block. `rowLength` is the number of
 * elements after which the next eight begin anew.
 */
export function blockSizes(
  { packing }: Format,
  blocksize: number,
  rowLength: number,
): { readonly uniforms: readonly UniformField[]; readonly constants: Constants } {
  const shift = Math.log2(blocksize);
  const aligned =
    8 * packing.bits === 32 && rowLength % 8 === 0 && Number.isInteger(shift) && shift >= 3;
  return {
    uniforms: [u32(blocksize), u32(aligned ? shift : 0)],
    constants: { ALIGNED: Number(aligned) },
  };
}
