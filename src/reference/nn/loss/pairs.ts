import { filledTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.ts';
import type { PairLoss, PairReduction } from '../../../vocabulary/nn/pair-loss.ts';
import { completed, type GradOutputsOf, type InputsOf } from '../../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER, sumLevels } from '../../bounds.ts';
import { broadcastIndex } from '../../broadcast.ts';
import { defineRecord, defineSimulation, type RecordOf, type SampleOf } from '../../define.ts';
import type { Foreseen, Range, Steps } from '../../foreseen.ts';
import { inputBug, paramsBug } from '../../plausible-bug.ts';
import type { Arithmetic, PlausibleBug, RecordFault, Value } from '../../record.ts';
import type { SimulatedGpu } from '../../simulation/simulated-gpu.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import { sharedSum } from '../../simulation/sums.ts';

interface Reduced {
  readonly reduction: PairReduction;
}
/** The signature of a loss of pairs with constants. */
type With<Constant extends string> = PairLoss<object, Reduced, Constant>;
type Inputs<Constant extends string = never> = InputsOf<With<Constant>, Value>;

/** Parameters, and of constants the element that belongs to a pair. */
type At<Params, Constant extends string> = Params & { readonly [Name in Constant]: number };

/** A function of a pair, how far it may be off, and what the kernels compute. */
interface PairFunction<Params> {
  readonly f: (input: number, target: number, params: Params) => number;
  /** `otherFormulas` as {@link Arithmetic} has it. */
  readonly error: (
    input: number,
    target: number,
    params: Params,
    otherFormulas?: boolean,
  ) => number;
  readonly computed: (gpu: SimulatedGpu, input: number, target: number, params: Params) => number;
  /**
   * What libraries' own formulas give of a pair, where they store each step: its loss, or what flows
   * to it from its loss. Default none.
   */
  readonly steps?: readonly StepsOfPair<Params>[];
}

type StepsOfPair<Params> = (
  steps: Steps,
  input: number,
  target: number,
  params: Params,
  flow: Flow,
) => Range;

/** What flows into a loss, and by what a mean divides it. */
interface Flow {
  readonly dloss: Range;
  readonly count: Range;
}

/** Constants of a loss: tensors that broadcast to the pairs and have no gradient. */
interface Constants<Constant extends string> {
  /** Where one is absent, its elements are 1. */
  readonly names: readonly Constant[];
  readonly draw: (random: Random) => number;
  /** Samples with some of them: the shape of the pairs and theirs. */
  readonly samples: readonly {
    readonly shape: Shape;
    readonly constants: { readonly [Name in Constant]?: Shape };
    readonly reduction: PairReduction;
  }[];
}

/** A loss of pairs, from which its record and its simulation follow. */
export interface PairTruth<Given, Params, Constant extends string = never> {
  readonly summary: string;
  /** The loss of a pair, and its slopes in both. */
  readonly loss: PairFunction<At<Params, Constant>>;
  readonly input: PairFunction<At<Params, Constant>>;
  readonly target: PairFunction<At<Params, Constant>>;
  readonly constants?: Constants<Constant>;
  readonly draw: (
    random: Random,
    given: Given,
  ) => { readonly input: number; readonly target: number };
  /** Pairs where the loss bends or leaves its range; its gradient is not probed there. */
  readonly corners: readonly (readonly [input: number, target: number])[];
  readonly params: readonly [Given, ...Given[]];
  /** Parameters with which losses and slopes of small integers are exact. */
  readonly exact?: Given;
  readonly faults: readonly RecordFault[];
  readonly plausibleBugs: readonly PlausibleBug<Params, Inputs<Constant>>[];
}

/** The slopes of a loss of input - target in the target: those in the input, negated. */
export function negated<Params>({
  f,
  error,
  computed,
}: PairFunction<Params>): PairFunction<Params> {
  return {
    f: (x, t, params) => -f(x, t, params),
    error,
    computed: (gpu, x, t, params) => -computed(gpu, x, t, params),
  };
}

/** What `f` gives for each pair, with the parameters and the elements of the constants there. */
function mapPairs<Params extends object, Constant extends string>(
  { constants }: Pick<PairTruth<never, Params, Constant>, 'constants'>,
  inputs: Inputs<Constant>,
  params: Params,
  f: (x: number, t: number, at: At<Params, Constant>, i: number) => number,
): Float64Array {
  const { input, target }: Inputs = inputs;
  const values: { readonly [Name in Constant]?: Value | undefined } = inputs;
  const elementAt = (value: Value | undefined, i: number) =>
    value ? value.data[broadcastIndex(i, input.shape, value.shape)] : 1;
  const at = (i: number) =>
    Object.fromEntries((constants?.names ?? []).map((name) => [name, elementAt(values[name], i)]));
  return input.data.map((x, i) =>
    f(x, target.data[i] as number, { ...params, ...at(i) } as At<Params, Constant>, i),
  );
}

/** By what the sum of the losses is divided. */
function countOf({ shape, data }: Value, { reduction }: Reduced): number {
  if (reduction === 'mean') return data.length;
  return reduction === 'batchmean' ? (shape[0] ?? 1) : 1;
}

/** What the sum of the losses is multiplied by. */
const scaleOf = (input: Value, params: Reduced): number => 1 / countOf(input, params);

const isMean = ({ reduction }: Reduced): boolean =>
  reduction === 'mean' || reduction === 'batchmean';

interface Draw<Given, Constant extends string> {
  readonly level?: 'exact' | 'legal';
  readonly shape: Shape;
  readonly given: Given;
  readonly corners?: boolean;
  readonly constants?: { readonly [Name in Constant]?: Shape };
  readonly tier?: 'full';
}

function sampleOf<Given extends object, Params extends Reduced, Constant extends string>(
  signature: PairLoss<Given, Params, Constant>,
  { draw, corners, constants }: PairTruth<Given, Params, Constant>,
  {
    level = 'legal',
    shape,
    given,
    corners: atCorners,
    constants: of = {},
    tier,
  }: Draw<Given, Constant>,
): SampleOf<PairLoss<Given, Params, Constant>> {
  const count = sizeOf(shape);
  const { reduction } = completed(signature, given);
  const lossShape = reduction === 'none' ? shape : [1];
  const shapes = Object.entries<Shape>(of as { readonly [name: string]: Shape });
  const constantsOf = (random: Random) =>
    Object.fromEntries(
      shapes.map(([name, own]) => [
        name,
        filledTensor('f32', own, () => constants?.draw(random) ?? 1),
      ]),
    );
  const pairOf = (random: Random) =>
    level === 'exact'
      ? { input: random.integer(-9, 9), target: random.integer(-9, 9) }
      : draw(random, given);
  return {
    level,
    ...(tier ? { tier } : {}),
    label: {
      input: formatShape(shape),
      ...Object.fromEntries(shapes.map(([name, own]) => [name, formatShape(own)])),
      ...(atCorners ? { values: 'corners' } : {}),
      ...given,
    },
    params: given,
    inputs: (random) => {
      const pairs = atCorners
        ? corners.map(([input, target]) => ({ input, target }))
        : Array.from({ length: count }, () => pairOf(random));
      return {
        input: hostTensorFrom(
          'f32',
          shape,
          pairs.map(({ input }) => input),
        ),
        target: hostTensorFrom(
          'f32',
          shape,
          pairs.map(({ target }) => target),
        ),
        ...constantsOf(random),
      };
    },
    ...(atCorners
      ? {}
      : {
          grads: (random) => ({
            loss: filledTensor('f32', lossShape, () =>
              level === 'exact' ? random.integer(-9, 9) : random.normal(),
            ),
          }),
        }),
  };
}

/** The record of a loss of pairs. */
export function pairLossRecord<
  Given extends object,
  Params extends Reduced,
  Constant extends string = never,
>(
  signature: PairLoss<Given, Params, Constant>,
  truth: PairTruth<Given, Params, Constant>,
): RecordOf<PairLoss<Given, Params, Constant>> {
  const { loss, corners, exact } = truth;
  const incoming = (
    { input }: Inputs<Constant>,
    params: Params,
    { data }: Value,
  ): ((i: number) => number) => {
    const scale = scaleOf(input, params);
    return (i) => scale * (data[params.reduction === 'none' ? i : 0] as number);
  };
  const gradient = (
    { f }: PairFunction<At<Params, Constant>>,
    inputs: Inputs<Constant>,
    params: Params,
    grads: GradOutputsOf<PairLoss, Value>,
  ): Value => {
    const g = incoming(inputs, params, grads.loss);
    return {
      shape: inputs.input.shape,
      data: mapPairs(truth, inputs, params, (x, t, at, i) => f(x, t, at) * g(i)),
    };
  };
  // Of a mean the reciprocal of the number of pairs and the product with it round; then the product
  // with the slope.
  const gradientBound = (
    { f, error }: PairFunction<At<Params, Constant>>,
    inputs: Inputs<Constant>,
    params: Params,
    grads: GradOutputsOf<PairLoss, Value>,
    { otherFormulas }: Arithmetic,
  ): Float64Array => {
    const g = incoming(inputs, params, grads.loss);
    const units = isMean(params) ? 3 : 1;
    return mapPairs(truth, inputs, params, (x, t, at, i) => {
      const size = Math.abs(g(i));
      const slope = Math.abs(f(x, t, at));
      const rounding = error(x, t, at, otherFormulas) + units * EPS * slope;
      return size * rounding * SECOND_ORDER + FLUSH * (1 + slope + size);
    });
  };
  const [first, ...rest] = truth.params;
  const sample = (draw: Draw<Given, Constant>) => sampleOf(signature, truth, draw);
  const as = (given: Given, reduction: PairReduction): Given => ({ ...given, reduction });
  return defineRecord(signature, {
    summary: truth.summary,
    forward: (inputs, params) => {
      const losses = mapPairs(truth, inputs, params, loss.f);
      if (params.reduction === 'none') return { loss: { ...inputs.input, data: losses } };
      const total = losses.reduce((sum, x) => sum + x, 0);
      return { loss: { shape: [1], data: Float64Array.of(scaleOf(inputs.input, params) * total) } };
    },
    acceptance: (inputs, _outputs, params, { depth, otherFormulas }) => {
      const errors = mapPairs(truth, inputs, params, (x, t, at) =>
        loss.error(x, t, at, otherFormulas),
      );
      if (params.reduction === 'none') return { loss: { kind: 'within', bound: errors } };
      const sizes = mapPairs(truth, inputs, params, (x, t, at) => Math.abs(loss.f(x, t, at)));
      const error = errors.reduce((sum, x) => sum + x, 0);
      const size = sizes.reduce((sum, x) => sum + x, 0);
      const scale = scaleOf(inputs.input, params);
      const units = gamma(sumLevels(sizes.length, depth)) + (isMean(params) ? 2 * EPS : 0);
      const bound = scale * (error + units * (size + error)) * SECOND_ORDER + 2 * FLUSH;
      return { loss: { kind: 'within', bound: Float64Array.of(bound) } };
    },
    intermediates: (inputs, params, grads) => {
      if (grads || params.reduction === 'none') return {};
      const sizes = mapPairs(truth, inputs, params, (x, t, at) => Math.abs(loss.f(x, t, at)));
      return { loss: { largest: Float64Array.of(sizes.reduce((sum, x) => sum + x, 0)) } };
    },
    ...(loss.steps && {
      foreseen: (steps, inputs, params, grads) => {
        const { stored, exactly, div, sum } = steps;
        const count = exactly(countOf(inputs.input, params));
        const dloss = (i: number) =>
          exactly(grads ? (grads.loss.data[params.reduction === 'none' ? i : 0] as number) : 0);
        const pairs = ({ steps: formulas = [] }: PairFunction<At<Params, Constant>>) =>
          formulas.map((formula): Foreseen => {
            const found: Range[] = [];
            mapPairs(truth, inputs, params, (x, t, at, i) => {
              found.push(formula(steps, x, t, at, { dloss: dloss(i), count }));
              return 0;
            });
            return found;
          });
        if (grads) return { input: pairs(truth.input), target: pairs(truth.target) };
        // The sum is stored before it is divided, or is not.
        const losses = pairs(loss);
        const ofAll = (store: (x: Range) => Range) => (each: Foreseen) => [
          stored(div(store(sum(each)), count)),
        ];
        return {
          loss:
            params.reduction === 'none'
              ? losses
              : [...losses.map(ofAll((x) => x)), ...losses.map(ofAll(stored))],
        };
      },
    }),
    vjp: (inputs, params, grads) => ({
      input: gradient(truth.input, inputs, params, grads),
      target: gradient(truth.target, inputs, params, grads),
    }),
    vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => ({
      input: {
        kind: 'within',
        bound: gradientBound(truth.input, inputs, params, grads, arithmetic),
      },
      target: {
        kind: 'within',
        bound: gradientBound(truth.target, inputs, params, grads, arithmetic),
      },
    }),
    samples: [
      ...(exact
        ? [
            sample({ level: 'exact', shape: [7, 37], given: as(exact, 'none') }),
            sample({ level: 'exact', shape: [3, 43], given: as(exact, 'sum') }),
          ]
        : []),
      sample({ shape: [1], given: first }),
      sample({ shape: [corners.length], given: as(first, 'none'), corners: true }),
      sample({ shape: [5, 77], given: first }),
      // Whole workgroups without an invocation to spare.
      sample({ shape: [8, 64], given: as(first, 'none') }),
      ...rest.flatMap((given) => [
        sample({ shape: [8, 64], given, tier: 'full' }),
        sample({ shape: [3, 11], given: as(given, 'none') }),
        sample({ shape: [corners.length], given: as(given, 'none'), corners: true }),
      ]),
      sample({ shape: [9, 130], given: as(first, 'sum'), tier: 'full' }),
      ...(truth.constants?.samples ?? []).map(({ shape, constants, reduction }) =>
        sample({ shape, constants, given: as(first, reduction) }),
      ),
    ],
    faults: truth.faults,
    plausibleBugs: [
      inputBug('input wrong by 2e-5', 'input', (x) => x * (1 + 2e-5)),
      inputBug('target wrong by 2e-5', 'target', (x) => x * (1 + 2e-5)),
      {
        name: 'operands swapped',
        apply: ({ input, target }, params) => ({
          inputs: { input: target, target: opposite(input) },
          params,
        }),
      },
      paramsBug('sum for mean', (params) => ({
        ...params,
        reduction: params.reduction === 'none' ? 'none' : 'sum',
      })),
      ...truth.plausibleBugs,
    ],
  });
}

const opposite = (value: Value): Value => ({ ...value, data: value.data.map((x) => -x) });

/** The kernels' arithmetic: losses, their sum as reduce_sum takes it, and the scale. */
export function pairLossSimulation<
  Given extends object,
  Params extends Reduced,
  Constant extends string = never,
>(
  signature: PairLoss<Given, Params, Constant>,
  truth: PairTruth<Given, Params, Constant>,
): Simulation {
  const gradient = (
    gpu: SimulatedGpu,
    { computed }: PairFunction<At<Params, Constant>>,
    inputs: Inputs<Constant>,
    params: Params,
    { data }: Value,
  ): Value => {
    const scale = Math.fround(scaleOf(inputs.input, params));
    return {
      shape: inputs.input.shape,
      data: mapPairs(truth, inputs, params, (x, t, at, i) => {
        const dloss = data[params.reduction === 'none' ? i : 0] as number;
        return gpu.mul(computed(gpu, x, t, at), gpu.mul(scale, dloss));
      }),
    };
  };
  return defineSimulation(signature, {
    forward: (gpu, inputs, params) => {
      const losses = mapPairs(truth, inputs, params, (x, t, at) =>
        truth.loss.computed(gpu, x, t, at),
      );
      if (params.reduction === 'none') return { loss: { ...inputs.input, data: losses } };
      const scale = Math.fround(scaleOf(inputs.input, params));
      const total = gpu.mul(scale, sharedSum(gpu, Array.from(losses)));
      return { loss: { shape: [1], data: Float64Array.of(total) } };
    },
    backward: (gpu, inputs, params, { loss }) => ({
      input: gradient(gpu, truth.input, inputs, params, loss),
      target: gradient(gpu, truth.target, inputs, params, loss),
    }),
    samples: truth.params.flatMap((given) => [
      sampleOf(signature, truth, { shape: [4096], given }),
      sampleOf(signature, truth, { shape: [4096], given: { ...given, reduction: 'none' } }),
      ...(truth.constants?.samples ?? []).map(({ shape, constants, reduction }) =>
        sampleOf(signature, truth, { shape, constants, given: { ...given, reduction } }),
      ),
    ]),
  });
}

/** Predictions and targets that differ by about `spread`. */
export function normalPair(spread = 1) {
  return (random: Random): { readonly input: number; readonly target: number } => {
    const target = random.normal();
    return { input: target + random.normal(spread), target };
  };
}
