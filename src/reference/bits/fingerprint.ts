import { filledTensor, hostTensor } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { fingerprint as signature } from '../../vocabulary/bits/fingerprint.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** The 32 bits of each element of 4 bytes. */
export function wordsOf({ data, dtype = 'f32' }: Value): Uint32Array {
  return dtype === 'f32' ? new Uint32Array(Float32Array.from(data).buffer) : Uint32Array.from(data);
}

/**
 * A word mixed with its place: MurmurHash3's finalizer (Appleby, public domain) after a Weyl
 * sequence of the golden ratio.
 */
export function mixedWord(word: number, index: number): number {
  let h = word ^ Math.imul(index, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Lanes of 64 words each, whole workgroups of 64 lanes, 16 of them at most. */
function lanesOf(count: number): number {
  return 64 * Math.min(16, Math.ceil(count / 4096));
}

function sumsOf(x: Value): Value {
  const words = wordsOf(x);
  const lanes = lanesOf(words.length);
  const data = new Float64Array(2 * lanes);
  words.forEach((word, i) => {
    const at = 2 * (i % lanes);
    const [sum, mixed] = data.subarray(at) as unknown as [number, number];
    data.set([(sum + word) % 2 ** 32, (mixed + mixedWord(word, i)) % 2 ** 32], at);
  });
  return { shape: [lanes, 2], data };
}

function sample(shape: Shape, dtype?: 'f32'): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: formatShape(shape), ...(dtype ? { dtype } : {}) },
    params: {},
    inputs: (random) => ({
      x: dtype
        ? filledTensor(dtype, shape, () => random.normal())
        : hostTensor(
            'u32',
            shape,
            Uint32Array.from({ length: sizeOf(shape) }, () => random.word()),
          ),
    }),
  };
}

/**
 * Two sums of the bits of a tensor, in parts: what is kept of a training step so that it can be
 * told from its replay.
 */
export const record = defineRecord(signature, {
  summary: 'sums of the words of x, and of the words mixed with their places, modulo 2^32, by lane',
  forward: ({ x }) => ({ sums: sumsOf(x) }),
  acceptance: () => ({ sums: { kind: 'exact' } }),
  samples: [
    sample([1]),
    sample([37, 53]),
    sample([37, 53], 'f32'),
    // Two workgroups, a lane of one word less.
    sample([4097]),
    // As many workgroups as there may be, and lanes with a word more than 64.
    sample([65_600]),
  ],
  faults: [
    {
      name: 'places counted from 1',
      shader: { file: 'bits/fingerprint', from: 'mixed(x[i], i)', to: 'mixed(x[i], i + 1u)' },
    },
  ],
  plausibleBugs: [
    inputBug('last bit of one word', 'x', (x, i) => (i === 0 ? x + 1 : x)),
    inputBug('neighbours swapped', 'x', (x, i, { data }) => data[i ^ 1] ?? x),
  ],
});
