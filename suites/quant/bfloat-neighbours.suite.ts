import { cast } from '../../src/ops/math/cast.ts';
import { hostTensor, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

export const bfloatNeighbours = suite('quant.bfloat-neighbours', {
  description: 'What every bfloat16, the middle to the next one and their neighbours become',
});

const INFINITY = 0x7f80;
const SIGNS = [0, 0x8000];

/**
 * Words of float32 values and the upper halves that they round to: each finite bfloat16 and the
 * middle to the next one, with the float32 on either side, and infinity, with both signs. Ties go
 * to the even half; past the largest one that is infinity.
 */
function aroundBfloats(): { readonly words: number[]; readonly expected: number[] } {
  const words: number[] = [];
  const expected: number[] = [];
  const add = (word: number, bits: number) => {
    for (const sign of SIGNS) {
      words.push(word + sign * 65_536);
      expected.push(bits + sign);
    }
  };
  for (let bits = 0; bits < INFINITY; bits++) {
    const word = bits * 65_536;
    add(word, bits);
    add(word + 1, bits);
    add(word + 0x7fff, bits);
    add(word + 0x8000, bits + (bits % 2));
    add(word + 0x8001, bits + 1);
    add(word + 0xffff, bits + 1);
  }
  add(INFINITY * 65_536, INFINITY);
  return { words, expected };
}

/** Words of NaN beside infinity, which have no bit in the upper half, and of all fractions there. */
function wordsOfNan(): number[] {
  const words = [0x7f800001, 0x7f80ffff, 0x7fffffff, 0xff800001, 0xff80ffff, 0xffffffff];
  for (let bits = INFINITY + 1; bits < 0x8000; bits++)
    for (const low of [0, 0x7fff, 0x8000, 0xffff])
      for (const sign of SIGNS) words.push((bits + sign) * 65_536 + low);
  return words;
}

bfloatNeighbours
  .case('nearest')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Float32 values around every bfloat16 and around the middles between them become the nearest one, ties to even; denormal ones may be 0.',
  )
  .control('ties go up', (fault) =>
    fault.shader('math/cast', '0x7fffu + ((bits >> 16u) & 1u)', '0x8000u'),
  )
  .run(async (t) => {
    const { words, expected } = aroundBfloats();
    const data = new Float32Array(Uint32Array.from(words).buffer);
    using x = Tensor.from(t.gpu, hostTensor('f32', [words.length], data));
    using y = cast.forward(t.gpu, { x }, { to: 'bfloat16' }).y;
    const actual = Float64Array.from((await y.read()).data, (bits, i) => {
      // An adapter that flushes denormals may do so to what is read here.
      const isDenormal = ((words[i] as number) & 0x7f800000) === 0;
      return isDenormal && (bits & 0x7fff) === 0 ? (expected[i] as number) : bits;
    });
    const shape = x.shape;
    t.expectEqual('bits', { shape, data: actual }, { shape, data: Float64Array.from(expected) });
  });

bfloatNeighbours
  .case('nan')
  .desc('Each NaN becomes a NaN, also where all bits of its fraction are in the lower half.')
  .control('a NaN keeps its upper half', (fault) =>
    fault.shader('math/cast', '(bits >> 16u) | 0x40u', 'bits >> 16u'),
  )
  .run(async (t) => {
    const words = wordsOfNan();
    const data = new Float32Array(Uint32Array.from(words).buffer);
    using x = Tensor.from(t.gpu, hostTensor('f32', [words.length], data));
    using y = cast.forward(t.gpu, { x }, { to: 'bfloat16' }).y;
    const wrong = valuesOf(await y.read()).findIndex((value) => !Number.isNaN(value));
    t.expect(wrong < 0, () => `the NaN ${words[wrong]?.toString(16)} became a number`);
  });
