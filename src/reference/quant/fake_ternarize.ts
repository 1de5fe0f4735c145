import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { fakeTernarize as signature } from '../../vocabulary/quant/fake_ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** The number that stands for element `i` of a weight: one for all, or that of its channel. */
function numberAt({ data }: Value, i: number, { data: weight }: Value): number {
  return data[Math.floor((i * data.length) / weight.length)] as number;
}

type Inputs = InputsOf<typeof signature, Value>;

function forward({ weight, threshold, scale }: Inputs): { readonly y: Value } {
  const data = weight.data.map((w, i) =>
    Math.abs(w) > numberAt(threshold, i, weight)
      ? Math.sign(w) * (scale ? numberAt(scale, i, weight) : 1)
      : 0,
  );
  return { y: { shape: weight.shape, data } };
}

/** Multiples of an eighth: many on a threshold, on 1 and -1, and a little beyond these. */
function eighths(random: Random): number {
  const w = random.integer(-12, 12) / 8;
  return Math.abs(w) === 1 && random.integer(0, 1) === 1 ? w * (1 + 2 ** -20) : w;
}

function sample(
  level: 'exact' | 'legal',
  shape: Shape,
  scales: 0 | 1 | 'each',
  clip = false,
): SampleOf<typeof signature> {
  const channels = scales === 'each' ? channelShape(shape) : [1];
  const drawn = (of: Shape, _random: Random, draw: () => number) => filledTensor('f32', of, draw);
  return {
    level,
    label: { weight: formatShape(shape), scales, clip },
    params: { clip },
    inputs: (random) => ({
      weight: drawn(shape, random, () => (level === 'exact' ? eighths(random) : random.normal())),
      threshold: drawn(channels, random, () => random.integer(2, 6) / 8),
      ...(scales === 0 ? {} : { scale: drawn(channels, random, () => 2 ** random.integer(-3, 3)) }),
    }),
    grads: (random) => ({ y: drawn(shape, random, () => random.integer(-99, 99)) }),
  };
}

/** Ternary weights with a straight-through gradient. */
export const record = defineRecord(signature, {
  summary: 'the scale with the sign of w where |w| exceeds the threshold, else 0',
  forward,
  // The trits of `at`, and the weight's way from there.
  forwardDetached: ({ weight }, { clip }, at) => {
    const { y } = forward(at);
    const data = y.data.map((q, i) => {
      const from = at.weight.data[i] as number;
      return clip && Math.abs(from) > 1 ? q : q + (weight.data[i] as number) - from;
    });
    return { y: { shape: y.shape, data } };
  },
  // A trit times its scale is exact.
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: ({ weight }, { clip }, { y: dy }) => {
    const data = dy.data.map((g, i) => (clip && Math.abs(weight.data[i] as number) > 1 ? 0 : g));
    return { weight: { shape: weight.shape, data } };
  },
  vjpAcceptance: () => ({ weight: { kind: 'exact' } }),
  samples: [
    sample('exact', [37, 53], 0),
    sample('exact', [64], 1, true),
    sample('exact', [1], 1),
    sample('legal', [37, 5], 'each', true),
    sample('legal', [3, 5, 7], 'each'),
  ],
  faults: [
    {
      name: 'results larger by 1',
      shader: {
        file: 'quant/fake_ternarize',
        from: 'y[i] = select(0.0,',
        to: 'y[i] = 1.0 + select(0.0,',
      },
    },
    {
      name: 'gradients of the other sign',
      direction: 'backward',
      shader: {
        file: 'quant/fake_ternarize_backward',
        from: 'select(dy[i],',
        to: 'select(-dy[i],',
      },
    },
  ],
  plausibleBugs: [
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('threshold half as large', 'threshold', (limit) => limit / 2),
    inputBug("the neighbour's scale", 'scale', (s, i, { data }) => data[i ^ 1] ?? 2 * s),
    paramsBug('clipped, or not', ({ clip }) => ({ clip: !clip })),
  ],
});
