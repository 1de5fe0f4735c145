import { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { randomWords as signature } from '../../vocabulary/bits/random_words.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';

function sample(count: number, seed: number, stream: number): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { count, seed, stream },
    params: { seed, stream, shape: [count] },
    inputs: () => ({}),
  };
}

/** The generator on the device: integer arithmetic modulo 2^32, the same bits everywhere. */
export const record = defineRecord(signature, {
  summary: 'the first words of a Philox stream',
  forward: (_inputs, { seed, stream, shape }) => {
    const random = new Random(seed, stream);
    return { words: { shape, data: random.fill(sizeOf(shape), () => random.word()) } };
  },
  acceptance: () => ({ words: { kind: 'exact' } }),
  samples: [
    sample(1, 0, 0),
    sample(1021, 7, 2),
    // Keys of all bits, and words of a second workgroup.
    sample(4099, 2 ** 32 - 1, 2 ** 32 - 2),
  ],
  faults: [
    {
      name: 'counters from 1',
      shader: {
        file: 'bits/random_words',
        from: 'vec4u(i, 0u, 0u, 0u)',
        to: 'vec4u(i + 1u, 0u, 0u, 0u)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('the next seed', (params) => ({ ...params, seed: (params.seed + 1) % 2 ** 32 })),
    paramsBug('the next stream', (params) => ({
      ...params,
      stream: ((params.stream ?? 0) + 1) % 2 ** 32,
    })),
  ],
});
