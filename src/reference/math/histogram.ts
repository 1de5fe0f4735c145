import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { histogram as signature } from '../../vocabulary/math/histogram.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** How many elements lie in each bin; the last has its upper edge. */
function counted({ x, edges, counts }: InputsOf<typeof signature, Value>): Value {
  const bins = edges.data.length - 1;
  const data = counts ? counts.data.slice() : new Float64Array(bins);
  for (const value of x.data) {
    if (value === edges.data[bins]) data[bins - 1] = (data[bins - 1] as number) + 1;
    const bin = edges.data.findIndex((edge) => value < edge) - 1;
    if (bin >= 0) data[bin] = (data[bin] as number) + 1;
  }
  return { shape: [bins], data };
}

function sample(
  n: number,
  edges: readonly number[],
  draw: (random: Random) => number,
  options: { readonly values: string; readonly counts?: boolean },
): SampleOf<typeof signature> {
  const bins = edges.length - 1;
  return {
    level: 'exact',
    label: { x: n, bins, ...options },
    params: {},
    inputs: (random) => ({
      x: hostTensorFrom(
        'f32',
        [n],
        random.fill(n, () => draw(random)),
      ),
      edges: hostTensorFrom('f32', [edges.length], edges),
      ...(options.counts
        ? {
            counts: hostTensorFrom(
              'i32',
              [bins],
              random.fill(bins, () => random.integer(0, 9)),
            ),
          }
        : {}),
    }),
  };
}

/** Multiples of a quarter, so that many lie on edges and some outside. */
const quarters = (random: Random): number => random.integer(-9, 9) / 4;
const TRITS = [-1.5, -0.5, 0.5, 1.5];

/** torch.histogram with edges, and its sum over batches. */
export const record = defineRecord(signature, {
  summary: 'how many elements lie in each bin between edges',
  forward: (inputs) => ({ counts: counted(inputs) }),
  acceptance: () => ({ counts: { kind: 'exact' } }),
  samples: [
    sample(1000, TRITS, (random) => random.integer(-1, 1), { values: 'trits' }),
    sample(257, [-2, -1, -0.5, 0.25, 2], quarters, { values: 'quarters' }),
    sample(700, [-1, 0, 2], quarters, { values: 'quarters', counts: true }),
    sample(
      300,
      Array.from({ length: 102 }, (_, i) => i / 32 - 1.5),
      (random) => random.normal(),
      { values: 'normal', counts: true },
    ),
    sample(1, [0, 1], () => 1, { values: 'edge' }),
  ],
  faults: [
    {
      name: 'each element counted twice',
      shader: {
        file: 'math/histogram',
        from: 'atomicAdd(&counts[bin], 1u)',
        to: 'atomicAdd(&counts[bin], 2u)',
      },
    },
  ],
  plausibleBugs: [
    inputBug('last element dropped', 'x', (x, i, { data }) =>
      i === data.length - 1 ? Number.NaN : x,
    ),
    inputBug('edges further by a quarter', 'edges', (edge) => edge + 0.25),
    inputBug('earlier counts lost', 'counts', () => 0),
  ],
});
