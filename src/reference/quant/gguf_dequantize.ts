import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { ggufDequantize as signature } from '../../vocabulary/quant/gguf_dequantize.ts';
import { EPS, HALF_EPS } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { decodedBlocks, hasMinimum } from './gguf-blocks.ts';
import { drawnBlocks } from './gguf-drawn-blocks.ts';
import { SMALLER_TYPE } from './gguf-smaller-type.ts';

interface Values {
  readonly name: string;
  readonly draw: (random: Random) => number;
}

/** Halves below the smallest normal one, of either sign, and the ends of the range. */
const ends: Values = {
  name: 'ends',
  draw: (random) => ([65_504, -65_504, 2 ** -24, -(2 ** -24)][random.integer(0, 3)] ?? 0) as number,
};
const denormals: Values = {
  name: 'denormals',
  draw: (random) => random.integer(-1023, 1023) * 2 ** -24,
};

function sample(
  type: GgufType,
  rows: Shape,
  blocks: number,
  values: Values = { name: 'normal', draw: (random) => random.normal(0.01) },
): SampleOf<typeof signature> {
  return {
    level: hasMinimum(type) ? 'legal' : 'exact',
    label: {
      type,
      y: formatShape([...rows, blocks * GGUF_TYPES[type].elements]),
      ...(values.name === 'normal' ? {} : { values: values.name }),
    },
    params: { quant_type: type },
    inputs: (random) => ({ packed: drawnBlocks(random, type, rows, blocks, values.draw) }),
  };
}

/** Whole numbers, as scales and minima that are whole make them. */
function wholes(type: GgufType): SampleOf<typeof signature> {
  return {
    ...sample(type, [3], 1, { name: 'wholes', draw: (random) => 2 ** random.integer(-2, 2) }),
    level: 'exact',
  };
}

/** gguf.quants.dequantize. */
export const record = defineRecord(signature, {
  summary: 'y = what blocks of GGUF files stand for: q4_0, q5_0, q8_0, q4_k, q5_k, q6_k',
  forward: ({ packed }, { quant_type }) => ({ y: decodedBlocks(packed, quant_type) }),
  // Scales have 11 bits, those of a block's parts 7 and codes 6: their products are exact.
  acceptance: (_inputs, { y }, { quant_type }, { ieee }) => ({
    y: hasMinimum(quant_type)
      ? { kind: 'within', bound: y.data.map((x) => (ieee ? HALF_EPS : EPS) * Math.abs(x)) }
      : { kind: 'exact' },
  }),
  samples: [
    sample('q4_0', [5], 1), // 90 bytes: the last block begins and ends inside words
    sample('q4_0', [2, 3], 7),
    sample('q5_0', [3], 5),
    sample('q8_0', [33], 3), // more than one workgroup
    sample('q8_0', [1], 1),
    sample('q4_k', [3], 1),
    sample('q4_k', [2], 3),
    sample('q5_k', [3], 2),
    sample('q6_k', [3], 1),
    sample('q6_k', [1], 4),
    ...(['q4_k', 'q5_k'] as const).map(wholes),
    ...(['q4_0', 'q5_0', 'q8_0', 'q4_k', 'q5_k', 'q6_k'] as const).flatMap((type) => [
      sample(type, [2], 1, ends),
      sample(type, [2], 1, denormals),
    ]),
  ],
  faults: [
    {
      name: 'the first four of each eight twice',
      shader: {
        file: 'quant/gguf_dequantize',
        from: 'place_of(e + 4u)',
        to: 'place_of(e)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('blocks of 32', ({ quant_type }) => ({
      quant_type: SMALLER_TYPE[quant_type] ?? quant_type,
    })),
    inputBug('nibbles swapped', 'packed', (b) => (b % 16) * 16 + Math.floor(b / 16)),
    inputBug('neighbouring bytes swapped', 'packed', (b, k, { data }) => data[k ^ 1] ?? b),
    inputBug('last byte inverted', 'packed', (b, k, { data }) =>
      k === data.length - 1 ? 255 - b : b,
    ),
    inputBug('codes off by one', 'packed', (b) => b ^ 1),
    inputBug('the highest bit lost', 'packed', (b) => b % 128),
  ],
});

export const simulation = defineSimulation(signature, {
  // Products are exact; only a difference rounds.
  forward: (gpu, { packed }, { quant_type }) => ({
    y: decodedBlocks(packed, quant_type, ({ product, minimum }) => gpu.sub(product, minimum)),
  }),
});
