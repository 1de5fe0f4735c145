import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { clipGradNorm as signature } from '../../vocabulary/optim/clip_grad_norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, overflows, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type PlausibleBugOf, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum, workgroupSum } from '../simulation/sums.ts';

type Gradients = InputsOf<typeof signature, Value>;
type ClipParams = ParamsOf<typeof signature>;

const sumOfSquares = (inputs: Gradients): number =>
  Object.values(inputs).reduce(
    (sum, { data }) => data.reduce((partial, x) => partial + x * x, sum),
    0,
  );

/** The parameters as the kernels get them. */
function rounded({ max_norm, eps }: ClipParams): {
  readonly maxNorm: number;
  readonly eps: number;
} {
  return { maxNorm: Math.fround(max_norm), eps: Math.fround(eps) };
}

function mapGradients(inputs: Gradients, change: (g: number) => number): Gradients {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(change) },
    ]),
  );
}

function clipped(inputs: Gradients, params: ClipParams) {
  const norm = Math.sqrt(sumOfSquares(inputs));
  const { maxNorm, eps } = rounded(params);
  const scale = Math.min(1, maxNorm / (norm + eps));
  return {
    norm: { shape: [1], data: Float64Array.of(norm) },
    ...mapGradients(inputs, (g) => g * scale),
  };
}

/**
 * The norm is off by half of gamma_c and the 4.5 units of a root, and by what is flushed; the scale
 * takes that, a unit of the sum with eps and 2.5 of the quotient, and is at most 1; a gradient that
 * is not clipped is untouched.
 */
function boundsOf(
  inputs: Gradients,
  norm: number,
  params: ClipParams,
  depth: Depth,
): { readonly norm: number; readonly scale: number } {
  const terms = Object.values(inputs).reduce((sum, { data }) => sum + data.length, 0);
  const shares = Math.ceil(Object.keys(inputs).length / 64);
  const flushed = FLUSH * (3 * terms + 1);
  const ofNorm = overflows(norm * norm * SECOND_ORDER)
    ? Number.POSITIVE_INFINITY
    : norm * (gamma(depth(terms) + shares) / 2 + 4.5 * EPS) * SECOND_ORDER +
      Math.min(Math.sqrt(flushed), flushed / norm);
  const { maxNorm, eps } = rounded(params);
  const relative = ofNorm / (norm + eps) + 3.5 * EPS * SECOND_ORDER;
  const ratio = maxNorm / (norm + eps);
  if (ratio * (1 - relative) >= 1) return { norm: ofNorm, scale: 0 };
  return { norm: ofNorm, scale: relative < 1 ? (ratio * relative) / (1 - relative) : 1 };
}

/** A number that is not finite is accepted as what it is. */
const sameNumbers = (truth: Value): Acceptance => ({
  kind: 'codes',
  accepts: (i, actual) =>
    actual === truth.data[i] || (Number.isNaN(actual) && Number.isNaN(truth.data[i])),
  inBand: 0,
});

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly shapes: readonly Shape[];
  readonly params: Partial<ClipParams> & Pick<ClipParams, 'max_norm'>;
  readonly values?: string;
  readonly element?: (random: Random) => number;
  /** The first element of the last gradient. */
  readonly odd?: number;
  /** What the gradients are called; default their shapes. */
  readonly g?: string;
}

function sample({
  level = 'legal',
  shapes,
  params,
  values,
  element = (random) => random.normal(),
  odd,
  g = shapes.map(formatShape).join(),
}: Draw): SampleOf<typeof signature> {
  return {
    level,
    label: {
      g,
      ...params,
      ...(values ? { values } : {}),
    },
    params,
    inputs: (random) =>
      Object.fromEntries(
        shapes.map((shape, at) => {
          const data = random.fill(sizeOf(shape), () => element(random));
          if (odd !== undefined && at === shapes.length - 1) data[0] = odd;
          return [`g${at}`, hostTensorFrom('f32', shape, data)];
        }),
      ),
  };
}

/** torch.nn.utils.clip_grad_norm_. */
export const record = defineRecord(signature, {
  summary:
    'gradients times min(1, max_norm / (norm + eps)), norm over all of them; torch.nn.utils.clip_grad_norm_',
  forward: clipped,
  acceptance: (inputs, outputs, params, { depth }) => {
    const norm = outputs.norm.data[0] as number;
    if (!Number.isFinite(norm)) {
      return Object.fromEntries(
        Object.entries(outputs).map(([name, truth]) => [name, sameNumbers(truth)]),
      );
    }
    const off = boundsOf(inputs, norm, params, depth);
    const of = (g: number, y: number) =>
      off.scale === 0
        ? FLUSH
        : Math.abs(g) * off.scale + EPS * Math.abs(y) * SECOND_ORDER + 2 * FLUSH;
    const gradients = Object.entries(inputs).map(([name, { data }]) => {
      const y = outputs[name as keyof Gradients] as Value;
      const bound = data.map((g, i) => of(g, y.data[i] as number));
      return [name, { kind: 'within', bound }] as const;
    });
    return {
      norm: { kind: 'within', bound: Float64Array.of(off.norm) },
      ...Object.fromEntries(gradients),
    };
  },
  samples: [
    sample({ shapes: [[17, 20], [60]], params: { max_norm: 64 } }),
    sample({ shapes: [[5, 7], [33], [1]], params: { max_norm: 1 } }),
    sample({ shapes: [[1027]], params: { max_norm: 2.5, eps: 0.5 } }),
    sample({ shapes: [[20_000], [3], [0], [257]], params: { max_norm: 0.125 } }),
    // A whole workgroup of shares.
    sample({ shapes: [[64, 256]], params: { max_norm: 2 } }),
    sample({
      g: '70-gradients',
      shapes: Array.from({ length: 70 }, (_, i) => [1 + (i % 5)]),
      params: { max_norm: 3 },
    }),
    sample({
      level: 'exact',
      shapes: [[6], [2, 3]],
      params: { max_norm: 1 },
      element: () => 0,
      values: 'zero',
    }),
    sample({
      shapes: [[7], [6]],
      params: { max_norm: 1 },
      odd: Number.POSITIVE_INFINITY,
      values: 'infinite',
    }),
    sample({ shapes: [[7], [6]], params: { max_norm: 1 }, odd: Number.NaN, values: 'NaN' }),
  ],
  faults: [
    {
      name: 'a norm of 1',
      shader: {
        file: 'optim/grad_norm',
        from: 'norm[lane] = select',
        to: 'norm[lane] = 0x3f800000u + 0u * select',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('max_norm wrong by 2e-4', (p) => ({ ...p, max_norm: p.max_norm * 1.0002 })),
    paramsBug('default eps', ({ max_norm }) => ({ max_norm, eps: 1e-6 })),
    wrongGradients('gradients wrong by 2e-4', (g) => g * 1.0002),
    wrongGradients('a gradient left out', (g, isLast) => (isLast ? 0 : g)),
  ],
});

function wrongGradients(
  name: string,
  change: (g: number, isLast: boolean) => number,
): PlausibleBugOf<typeof signature> {
  return {
    name,
    apply: (inputs, params) => {
      const last = Object.keys(inputs).at(-1);
      const changed = Object.entries(inputs).map(([key, value]) => {
        return [key, { ...value, data: value.data.map((g) => change(g, key === last)) }] as const;
      });
      return { inputs: Object.fromEntries(changed), params };
    },
  };
}

/** Elements that one invocation adds at most. */
const SHARE = 256;

function sharesOf(gpu: SimulatedGpu, data: Float64Array): number[] {
  const parts = Math.max(1, Math.ceil(data.length / SHARE));
  return Array.from({ length: parts }, (_, part) =>
    chainSum(
      gpu,
      Array.from(data.filter((_g, i) => i % parts === part)).map((g) => gpu.mul(g, g)),
    ),
  );
}

/** The kernels' arithmetic where all is finite; what is not is judged by words. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    if (!Number.isFinite(sumOfSquares(inputs))) return clipped(inputs, params);
    const squares = workgroupSum(
      gpu,
      Object.values(inputs).flatMap(({ data }) => sharesOf(gpu, data)),
    );
    const norm = squares < FLUSH ? 0 : gpu.sqrt(squares);
    const { maxNorm, eps } = rounded(params);
    const length = gpu.add(norm, eps);
    const result = { norm: { shape: [1], data: Float64Array.of(norm) } };
    if (length <= maxNorm) return { ...result, ...mapGradients(inputs, (g) => g) };
    const scale = gpu.div(maxNorm, length);
    return { ...result, ...mapGradients(inputs, (g) => gpu.mul(g, scale)) };
  },
  // Many gradients, each a share that is almost full: their additions use the bound up.
  samples: [
    sample({
      g: '70-gradients',
      shapes: Array.from({ length: 70 }, () => [250]),
      params: { max_norm: 3 },
      element: (random) => random.uniform(0.5, 1),
    }),
  ],
});
