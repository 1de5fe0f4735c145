import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { swigluMlp as signature } from '../../vocabulary/nn/swiglu_mlp.ts';
import type { GradOutputsOf, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { sigmoid } from '../logistic.ts';
import { absoluteProduct, product, stageError } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { backwardBound, bend, forwardBound, slope } from './silu.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** Numbers, and how far each may be off. */
interface Stage extends Value {
  readonly error: Float64Array;
}

/** The most that |silu'|, |silu''| and |silu'''| ever are. */
const STEEPEST = 1.1;
const BEND = 0.5;
const TWIST = 0.31;

/** op(a) op(b) where both carry errors: what these become, and the sums' own. */
function stage(a: Stage, b: Stage, transposeA: boolean, transposeB: boolean, c: number): Stage {
  const offA = { shape: a.shape, data: a.error };
  const offB = { shape: b.shape, data: b.error };
  const wide = {
    shape: b.shape,
    data: b.error.map((off, i) => Math.abs(b.data[i] as number) + off),
  };
  const { data } = stageError(a, offA, wide, transposeA, transposeB, c);
  const carried = absoluteProduct(a, offB, transposeA, transposeB).data;
  const error = data.map((off, i) => off + (carried[i] as number));
  return { ...product(a, b, transposeA, transposeB), error };
}

const exactly = ({ shape, data }: Value): Stage => ({
  shape,
  data,
  error: new Float64Array(data.length),
});

/**
 * A product of numbers that are each off: the product of the largest sizes less that of the numbers
 * themselves, and a rounding for each multiplication.
 */
function times(...factors: readonly [Stage, ...Stage[]]): Stage {
  const [{ shape }] = factors;
  const error = new Float64Array(sizeOf(shape));
  const data = error.map((_, i) => {
    const values = factors.map((factor) => factor.data[i] as number);
    const sizes = factors.map(
      (factor) => Math.abs(factor.data[i] as number) + (factor.error[i] as number),
    );
    const exact = values.reduce((a, b) => a * b);
    const largest = sizes.reduce((a, b) => a * b);
    const flush = FLUSH * factors.length * sizes.reduce((total, size) => total * (1 + size), 1);
    error[i] =
      largest - Math.abs(exact) + (factors.length - 1) * EPS * SECOND_ORDER * largest + flush;
    return exact;
  });
  return { shape, data, error };
}

/**
 * A function of each element, its own error, and what it makes of the element's: by its growth
 * there, and how that changes nearby.
 */
interface Curve {
  readonly f: (x: number) => number;
  readonly own: (x: number) => number;
  readonly growth: (x: number) => number;
  /** The most that the growth ever is, and that it changes by. */
  readonly most: number;
  readonly change: number;
}

const SILU: Curve = {
  f: (x) => x * sigmoid(x),
  own: forwardBound,
  growth: slope,
  most: STEEPEST,
  change: BEND,
};
const slopeBy = (otherFormulas?: boolean): Curve => ({
  f: slope,
  own: (x) => backwardBound(x, 1, otherFormulas),
  growth: bend,
  most: BEND,
  change: TWIST,
});

function through({ shape, data, error }: Stage, { f, own, growth, most, change }: Curve): Stage {
  const off = error.map((given, i) => {
    const x = data[i] as number;
    return own(x) + Math.min(most, Math.abs(growth(x)) + (change / 2) * given) * given;
  });
  return { shape, data: data.map(f), error: off };
}

const silu = (stage: Stage): Stage => through(stage, SILU);

/** The layers before the last product; x as rows. */
function stagesOf(inputs: Inputs, { depth }: Arithmetic) {
  const rows = flatRows(inputs.x);
  const x = exactly(rows);
  const gate = exactly(inputs.gate);
  const up = exactly(inputs.up);
  const down = exactly(inputs.down);
  const levels = depth(rows.shape[1] as number);
  const gated = stage(x, gate, false, true, levels);
  const raised = stage(x, up, false, true, levels);
  return { x, gate, up, down, gated, raised, hidden: times(silu(gated), raised) };
}

function outputOf(inputs: Inputs, arithmetic: Arithmetic): Stage {
  const { hidden, down } = stagesOf(inputs, arithmetic);
  const [out, inner] = inputs.down.shape as [number, number];
  const y = stage(hidden, down, false, true, arithmetic.depth(inner));
  return { ...y, shape: [...inputs.x.shape.slice(0, -1), out] };
}

function gradientsOf(
  inputs: Inputs,
  grads: GradOutputsOf<typeof signature, Value>,
  arithmetic: Arithmetic,
) {
  const { depth, otherFormulas } = arithmetic;
  const { x, gate, up, down, gated, raised, hidden } = stagesOf(inputs, arithmetic);
  const given = flatRows(grads.y);
  const dy = exactly(given);
  const rows = given.shape[0] as number;
  const [out, inner] = inputs.down.shape as [number, number];
  const dhidden = stage(dy, down, false, false, depth(out));
  const siluSlope = (stage: Stage) => through(stage, slopeBy(otherFormulas));
  const dgated = times(dhidden, raised, siluSlope(gated));
  const draised = times(dhidden, silu(gated));
  const first = stage(dgated, gate, false, false, depth(inner));
  const second = stage(draised, up, false, false, depth(inner));
  return {
    x: {
      shape: inputs.x.shape,
      data: first.data.map((one, i) => one + (second.data[i] as number)),
      error: first.error.map((off, i) => {
        const sizes = Math.abs(first.data[i] as number) + Math.abs(second.data[i] as number);
        return off + (second.error[i] as number) + EPS * sizes;
      }),
    },
    gate: stage(dgated, x, true, false, depth(rows)),
    up: stage(draised, x, true, false, depth(rows)),
    down: stage(dy, hidden, true, false, depth(rows)),
  };
}

const numbersOf = ({ shape, data }: Stage): Value => ({ shape, data });
const within = ({ error }: Stage): Acceptance => ({
  kind: 'within',
  bound: error.map((off) => off * SECOND_ORDER),
});

/**
 * A sample of normally distributed elements; weights of a deviation that keeps the layers' sizes.
 */
export function swigluSample(
  x: Shape,
  inner: number,
  out: number,
  variants?: readonly string[],
): SampleOf<typeof signature> {
  const hidden = x.at(-1) as number;
  const drawn = (random: Random, shape: Shape, deviation: number) =>
    filledTensor('f32', shape, () => random.normal(deviation));
  return {
    level: 'legal',
    ...(variants ? { variants } : {}),
    label: { x: formatShape(x), inner, out },
    params: {},
    inputs: (random) => ({
      x: drawn(random, x, 2),
      gate: drawn(random, [inner, hidden], hidden ** -0.5),
      up: drawn(random, [inner, hidden], hidden ** -0.5),
      down: drawn(random, [out, inner], inner ** -0.5),
    }),
    grads: (random) => ({ y: drawn(random, [...x.slice(0, -1), out], 1) }),
  };
}

/** Llama's feed-forward layer. */
export const record = defineRecord(signature, {
  summary: 'y = (silu(x gate^T) * (x up^T)) down^T',
  forward: (inputs) => ({ y: numbersOf(outputOf(inputs, IN_ANY_ORDER)) }),
  acceptance: (inputs, _outputs, _params, arithmetic) => ({
    y: within(outputOf(inputs, arithmetic)),
  }),
  vjp: (inputs, _params, grads) => {
    const { x, gate, up, down } = gradientsOf(inputs, grads, IN_ANY_ORDER);
    return { x: numbersOf(x), gate: numbersOf(gate), up: numbersOf(up), down: numbersOf(down) };
  },
  vjpAcceptance: (inputs, _gradients, _params, grads, arithmetic) => {
    const { x, gate, up, down } = gradientsOf(inputs, grads, arithmetic);
    return { x: within(x), gate: within(gate), up: within(up), down: within(down) };
  },
  // The products' own record tries their variants on every shape.
  samples: [
    swigluSample([1, 1], 1, 1, ['register']),
    swigluSample([7, 5], 11, 3, ['register']),
    // A tail of three behind the last whole vector.
    swigluSample([1, 3], 7, 2, ['register']),
    swigluSample([2, 3, 8], 16, 8, ['register']),
    // Whole workgroups without an invocation to spare.
    swigluSample([16, 3], 16, 2, ['register']),
    swigluSample([67, 12], 20, 12),
  ],
  faults: [
    {
      name: 'gate without sigmoid',
      shader: { file: 'nn/swiglu', from: '(1.0 + exp(', to: '(1.0 + 0.0 * exp(' },
    },
    {
      name: 'sign of the gradient of the gate',
      direction: 'backward',
      shader: {
        file: 'nn/swiglu_backward',
        from: 'let of_gate = dy[i]',
        to: 'let of_gate = -dy[i]',
      },
    },
  ],
  plausibleBugs: [
    ...(['x', 'gate', 'up', 'down'] as const).map((input) =>
      inputBug<ParamsOf<typeof signature>, Inputs>(
        `${input} wrong by a part in ten thousand`,
        input,
        (x) => x * 1.0001,
      ),
    ),
    {
      name: 'gate and up exchanged',
      apply: (inputs, params) => ({
        inputs: { ...inputs, gate: inputs.up, up: inputs.gate },
        params,
      }),
    },
    inputBug('last column of down dropped', 'down', (w, i, { shape }) =>
      (i + 1) % (shape[1] as number) === 0 ? 0 : w,
    ),
  ],
});
