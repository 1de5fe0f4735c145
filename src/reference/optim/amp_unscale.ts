import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { ampUnscale as signature } from '../../vocabulary/optim/amp_unscale.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** Each element divided by the scale, 0 where it is not finite, and whether there was one. */
function unscaled(
  { grad: { shape, data }, scale }: InputsOf<typeof signature, Value>,
  divide: (a: number, b: number) => number,
) {
  const by = scale.data[0] as number;
  return {
    grad: { shape, data: data.map((g) => (Number.isFinite(g) ? divide(g, by) : 0)) },
    found_inf: { shape: [1], data: Float64Array.of(data.every(Number.isFinite) ? 0 : 1) },
  };
}

interface Draw {
  readonly shape: Shape;
  readonly scale: number;
  /** What stands at which places, from the end where they are negative. */
  readonly odd?: Readonly<Record<number, number>>;
  readonly element?: (random: Random) => number;
}

function sample({
  shape,
  scale,
  odd = {},
  element = (random) => random.normal(),
}: Draw): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      grad: formatShape(shape),
      scale,
      ...(Object.keys(odd).length > 0 ? { odd: Object.values(odd).join() } : {}),
    },
    params: {},
    inputs: (random) => {
      const data = random.fill(sizeOf(shape), () => element(random));
      for (const [at, value] of Object.entries(odd))
        data[(Number(at) + data.length) % data.length] = value;
      return {
        grad: hostTensorFrom('f32', shape, data),
        scale: hostTensorFrom('f32', [1], [scale]),
      };
    },
  };
}

const INFINITE = Number.POSITIVE_INFINITY;
const NONE = Number.NaN;

/**
 * torch's _amp_foreach_non_finite_check_and_unscale_, but that elements that are not finite become
 * 0.
 */
export const record = defineRecord(signature, {
  summary: 'gradient / scale, 0 where it is not finite, and whether there was such an element',
  forward: (inputs) => unscaled(inputs, (a, b) => a / b),
  // A division of 2.5 units; what is left out is no result of arithmetic.
  acceptance: (inputs, { grad }) => ({
    grad: {
      kind: 'within',
      bound: grad.data.map((y, i) =>
        Number.isFinite(inputs.grad.data[i]) ? 2.5 * EPS * Math.abs(y) + 2 * FLUSH : 0,
      ),
    },
    found_inf: { kind: 'exact' },
  }),
  samples: [
    sample({ shape: [1], scale: 3 }),
    sample({ shape: [5, 7], scale: 65_537 }),
    sample({ shape: [1027], scale: 1.7 }),
    sample({ shape: [300], scale: 0.1, element: (random) => 10 ** random.integer(-30, 30) }),
    sample({ shape: [35], scale: 1024 }),
    sample({ shape: [258], scale: 3, odd: { 257: INFINITE } }),
    sample({ shape: [7], scale: 3, odd: { 0: -INFINITE, 3: NONE } }),
    // Noted by many lanes, and by one behind the first 64.
    sample({
      shape: [20_000],
      scale: 3,
      odd: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i * 400 + 7, NONE])),
    }),
    sample({ shape: [20_000], scale: 3, odd: { 70: INFINITE } }),
    sample({ shape: [6], scale: 3, odd: { 2: 3.4028234663852886e38 } }),
  ],
  faults: [
    {
      name: 'multiplied',
      shader: { file: 'optim/amp_unscale', from: '(word) / scale[0]', to: '(word) * scale[0]' },
    },
  ],
  plausibleBugs: [
    inputBug('scale wrong by 2e-5', 'scale', (x) => x * (1 + 2e-5)),
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('infinities not found', 'grad', (x) => (Number.isFinite(x) ? x : 0)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs) => unscaled(inputs, (a, b) => gpu.div(a, b)),
});
