import { expect, test } from 'vitest';
import { u32 } from '../../gpu/shader.ts';
import type { Format } from '../../quant/format.ts';
import { formats } from '../../quant/registry.ts';
import { blockSizes } from './format-shader.ts';

test.each([
  // Four bits: a word holds eight.
  ['nf4', 8, 8, 3, true],
  ['nf4', 64, 24, 6, true],
  ['nf4', 4, 8, 0, false], // a word of two blocks
  ['nf4', 24, 24, 0, false], // no power of two
  ['nf4', 64, 12, 0, false], // the second row begins within a word
  ['dynamic', 64, 64, 0, false], // a word holds four
])(
  '%s in blocks of %d, in rows of %d, is shifted by %d',
  (name, blocksize, row, shift, aligned) => {
    const { uniforms, constants } = blockSizes(formats.get(name) as Format, blocksize, row);
    expect(uniforms).toEqual([u32(blocksize), u32(shift)]);
    expect(constants).toEqual({ ALIGNED: Number(aligned) });
  },
);
