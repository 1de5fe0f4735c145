import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { f16FromF32 } from '../../tensor/half.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

/** Where a block has its halves. */
const HALVES: Readonly<Record<GgufType, readonly number[]>> = {
  q4_0: [0],
  q5_0: [0],
  q8_0: [0],
  q4_k: [0, 2],
  q5_k: [0, 2],
  q6_k: [208],
};

/** Blocks of any bytes, whose halves are those of numbers that are drawn, as rows of a matrix. */
export function drawnBlocks(
  random: Random,
  type: GgufType,
  rows: Shape,
  blocks: number,
  draw: (random: Random) => number,
): HostTensor {
  const { bytes } = GGUF_TYPES[type];
  const all = sizeOf(rows) * blocks;
  const data = Uint8Array.from({ length: all * bytes }, () => random.integer(0, 255));
  // What lies past the end may read as the last word, which is no scale of a block.
  data.fill(0xff, -4);
  const view = new DataView(data.buffer);
  for (let block = 0; block < all; block++) {
    for (const at of HALVES[type])
      view.setUint16(block * bytes + at, f16FromF32(draw(random)), true);
  }
  return hostTensor('u8', [...rows, blocks * bytes], data);
}
