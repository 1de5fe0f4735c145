import { type MuonHyperparameters, muonHyperparameters } from '../../../vocabulary/optim/muon.ts';
import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { LARGEST } from '../../bounds.ts';
import type { Arithmetic, Value } from '../../record.ts';
import { IN_FLOAT32, IN_HALVES } from '../../rounding.ts';
import type { SimulatedGpu } from '../../simulation/simulated-gpu.ts';
import { type Calculation, IN_FLOAT64, onGpu, withBounds } from '../calculation.ts';
import { simulatedOrthogonal } from '../orthogonal.simulation.ts';
import {
  frobenius,
  isDecidedInBfloat16,
  type Orthogonalization,
  orthogonal,
  orthogonalError,
  orthogonalInBfloat16,
} from '../orthogonal.ts';
import { orthogonalSize } from '../orthogonal-size.ts';
import type { Parameter, ParameterRule } from '../parameter-rule.ts';

/** Scalars of a step, as the kernels get them. */
interface Scalars {
  readonly rest: number;
  readonly momentum: number;
  readonly decay: number;
  readonly rate: number;
}

/**
 * torch.optim.Muon on matrices of `shape`. torch makes the momentum orthogonal in bfloat16, and
 * five steps of that leave no bound of an element that would tell anything: a library is held to its
 * roundings, and a step that is not just these to what is known of it as a whole.
 */
export function muon(
  params: ParamsOf<typeof optimizerSteps>,
  shape: Value['shape'],
): ParameterRule {
  const hyperparameters = muonHyperparameters(params);
  const { nesterov } = hyperparameters;
  const scalars = scalarsOf(hyperparameters, shape);
  const how = orthogonalizationOf(hyperparameters);
  const matrix = (data: Float64Array): Value => ({ shape, data });

  /** The buffer after a gradient, and what is made orthogonal of it. */
  const momentum = <T>({ exactly, sub, mulAdd }: Calculation<T>, buffer: T, grad: T) => {
    const after = mulAdd(exactly(scalars.rest), sub(grad, buffer), buffer);
    const along = nesterov ? mulAdd(exactly(scalars.momentum), sub(after, grad), grad) : after;
    return { after, along };
  };
  /** A number of the parameter after a step along one of the orthogonal matrix. */
  const moved = <T>({ exactly, mul, mulAdd }: Calculation<T>, param: T, along: T) =>
    mulAdd(exactly(scalars.decay), param, mul(exactly(scalars.rate), along));

  const computedBy = (
    calculation: Calculation<number>,
    makeOrthogonal: (x: Value) => Value,
    before: Parameter,
    grad: Float64Array,
  ): Parameter => {
    const buffer = new Float64Array(grad.length);
    const along = new Float64Array(grad.length);
    for (const [i, g] of grad.entries()) {
      const next = momentum(
        calculation,
        (before['momentum_buffer'] as Float64Array)[i] as number,
        g,
      );
      buffer[i] = next.after;
      along[i] = next.along;
    }
    const { data } = makeOrthogonal(matrix(along));
    const param = (before['param'] as Float64Array).map((x, i) =>
      moved(calculation, x, data[i] as number),
    );
    return { param, momentum_buffer: buffer };
  };

  const inFloat64 = (before: Parameter, grad: Float64Array) =>
    computedBy(IN_FLOAT64, (x) => orthogonal(x, how), before, grad);

  /** What is made orthogonal, and how far off it is. */
  const alongOf = (
    before: Parameter,
    grad: Float64Array,
    carried: Parameter,
    halves: Arithmetic['halves'],
  ) => {
    const calculation = withBounds(halves ? IN_HALVES[halves] : IN_FLOAT32);
    const each = Array.from(grad, (g, i) =>
      momentum(
        calculation,
        {
          value: (before['momentum_buffer'] as Float64Array)[i] as number,
          error: (carried['momentum_buffer'] as Float64Array)[i] as number,
        },
        calculation.exactly(g),
      ),
    );
    const along = matrix(Float64Array.from(each, (next) => next.along.value));
    const off = Math.sqrt(each.reduce((total, next) => total + next.along.error ** 2, 0));
    return { calculation, each, along, off };
  };

  /**
   * What is known of a library's step as a whole, whatever its roundings: how far from the truth an
   * element may be, and whether the step is possible: the matrix that it went along has a size of
   * those that the roundings of bfloat16 leave; and where these are all decided, so that the step is
   * known, it is no farther from that than half its way. It sees a step that was not taken, taken
   * twice or, where it is known, taken the other way.
   */
  const asAWhole = (
    before: Parameter,
    grad: Float64Array,
    carried: Parameter,
    halves: Arithmetic['halves'],
  ) => {
    const { along, off } = alongOf(before, grad, carried, halves);
    const start = before['param'] as Float64Array;
    const { eps } = halves ? IN_HALVES[halves] : IN_FLOAT32;
    const sizes = orthogonalSize(along, off, how);
    const known =
      !halves && isDecidedInBfloat16(along, off, how)
        ? orthogonalInBfloat16(along, how)
        : undefined;
    // Product, sum and the scalars, each rounded at the size of what stands there.
    const roundings = (y: number, i: number) =>
      4 * eps * (Math.abs(y) + Math.abs(start[i] as number));
    const truth = orthogonal(along, how).data;
    const rate = Math.abs(scalars.rate);
    const farthest = truth.map((y, i) => {
      if (!sizes) return Number.POSITIVE_INFINITY;
      // No element of a matrix is longer than the whole.
      const reach = rate * (sizes.high + Math.abs(y));
      return reach + roundings(Math.abs(start[i] as number) + reach, i);
    });
    const isPossible = (after: Float64Array): boolean => {
      const way = matrix(
        after.map((y, i) => (y - scalars.decay * (start[i] as number)) / scalars.rate),
      );
      const lost = frobenius(matrix(after.map((y, i) => roundings(y, i) / rate)));
      const size = frobenius(way);
      if (sizes && (size < sizes.low - lost || size > sizes.high + lost)) return false;
      if (!known) return true;
      const apart = matrix(way.data.map((y, i) => y - (known.data[i] as number)));
      return frobenius(apart) <= frobenius(known) / 2 + lost;
    };
    return { farthest, isPossible };
  };

  const bound = (
    before: Parameter,
    grad: Float64Array,
    _step: number,
    carried: Parameter,
    { depth, halves }: Arithmetic,
  ): Parameter => {
    const { calculation, each, along, off } = alongOf(before, grad, carried, halves);
    // No element of a matrix is longer than the whole.
    const found = orthogonalError(along, off, how, depth);
    const error = Number.isFinite(found) ? found : LARGEST;
    const { data } = orthogonal(along, how);
    const param = (before['param'] as Float64Array).map(
      (x, i) =>
        moved(calculation, calculation.exactly(x), { value: data[i] as number, error }).error,
    );
    return { param, momentum_buffer: Float64Array.from(each, (next) => next.after.error) };
  };

  return {
    state: ['momentum_buffer'],
    step: inFloat64,
    bound,
    computed: (gpu: SimulatedGpu, before, grad) =>
      computedBy(onGpu(gpu), (x) => simulatedOrthogonal(gpu, x, how), before, grad),
    library: (before, grad, carried, { halves }) => {
      const { param } = computedBy(
        IN_FLOAT64,
        (x) => orthogonalInBfloat16(x, how),
        before,
        grad,
      ) as { readonly param: Float64Array };
      const { exactly, ...rest } = withBounds();
      const start = before['param'] as Float64Array;
      const error = param.map((y, i) => {
        const x = start[i] as number;
        // What was added to the decayed parameter, which is exact.
        const along = (y - scalars.decay * x) / scalars.rate;
        return moved({ exactly, ...rest }, exactly(x), exactly(along)).error;
      });
      return { param, error, ...asAWhole(before, grad, carried, halves) };
    },
  };
}

/** How torch makes a matrix orthogonal. */
export function orthogonalizationOf({
  ns_coefficients: [a, b, c],
  ns_steps,
  eps,
}: MuonHyperparameters): Orthogonalization {
  const { fround } = Math;
  return { coefficients: [fround(a), fround(b), fround(c)], steps: ns_steps, eps: fround(eps) };
}

/** The scalars of a step of a matrix of this shape. */
export function scalarsOf(
  { lr, momentum, weight_decay, adjust_lr_fn }: MuonHyperparameters,
  [rows = 1, columns = 1]: Value['shape'],
): Scalars {
  const ratio = {
    original: Math.sqrt(Math.max(1, rows / columns)),
    match_rms_adamw: 0.2 * Math.sqrt(Math.max(rows, columns)),
    spectral_unclamped: Math.sqrt(rows / columns),
  }[adjust_lr_fn];
  const { fround } = Math;
  return {
    rest: fround(1 - momentum),
    momentum: fround(momentum),
    decay: fround(1 - lr * weight_decay),
    rate: -fround(lr * ratio),
  };
}
