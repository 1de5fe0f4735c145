import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { crossEntropyProbTarget as signature } from '../../vocabulary/nn/cross_entropy_prob_target.ts';
import {
  completed,
  type GivenParams,
  type GradOutputsOf,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import type { Range } from '../foreseen.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { sharedSum } from '../simulation/sums.ts';
import {
  computedLogSoftmax,
  computedLogSoftmaxGradient,
  logSoftmaxBounds,
  logSoftmaxGradient,
  logSoftmaxGradientBounds,
  logSoftmaxOf,
} from './log_softmax.ts';
import { axisOf, logSoftmaxStep, storedLogSoftmax } from './softmax.steps.ts';
import { mapEach, mapRows, pick } from './softmax.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;
type Grads = GradOutputsOf<typeof signature, Value>;

const total = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0);
const sizes = (values: readonly number[]): number => total(values.map(Math.abs));

/** The problem as rows of classes. */
function layoutOf({ logits }: Inputs, { reduction, label_smoothing }: Params) {
  const axis = Math.min(1, logits.shape.length - 1);
  const classes = logits.shape[axis] as number;
  const count = sizeOf(logits.shape.toSpliced(axis, 1));
  return {
    axis,
    lossShape:
      reduction === 'none' && logits.shape.length > 1 ? logits.shape.toSpliced(axis, 1) : [1],
    scale: reduction === 'mean' ? 1 / count : 1,
    keep: 1 - label_smoothing,
    spread: label_smoothing / classes,
  };
}

/** One row: what its classes have. */
interface Row {
  /** Its place among the rows. */
  readonly index: number;
  readonly x: readonly number[];
  readonly t: readonly number[];
  /** Weights of the classes, and those times the smoothed targets. */
  readonly w: readonly number[];
  readonly wq: readonly number[];
  /** How far a smoothed target may be off: factor, product, addend and sum round. */
  readonly qErrors: readonly number[];
}

/** What `f` gives for the classes of each row, in the places of the logits. */
function mapClasses(
  inputs: Inputs,
  params: Params,
  f: (row: Row) => readonly number[],
): Float64Array {
  const { axis, keep, spread } = layoutOf(inputs, params);
  let index = 0;
  return mapRows(inputs.logits, { axis }, (row) => {
    const t = pick(inputs.target, row);
    const w = t.map((_, c) => inputs.weight?.data[c] ?? 1);
    const q = t.map((each) => keep * each + spread);
    return f({
      index: index++,
      x: pick(inputs.logits, row),
      t,
      w,
      wq: q.map((each, c) => each * (w[c] as number)),
      qErrors: t.map(
        (each, c) =>
          EPS * (2 * keep * Math.abs(each) + spread + Math.abs(q[c] as number)) + 3 * FLUSH,
      ),
    });
  });
}

/** What `f` makes of each row, in the order of the rows. */
function rowsOf<T>(inputs: Inputs, params: Params, f: (row: Row) => T): T[] {
  const made: T[] = [];
  mapClasses(inputs, params, (row) => {
    made.push(f(row));
    return row.x;
  });
  return made;
}

/** The terms of a row's loss, how far they may be off together, and their sizes. */
function termsOf({ x, w, wq, qErrors }: Row, { depth }: Pick<Arithmetic, 'depth'>) {
  const y = logSoftmaxOf(x);
  const yErrors = logSoftmaxBounds(x, depth);
  // The product with the logarithm and that with the weight round.
  const errors = y.map((value, c) => {
    const factor = Math.abs(wq[c] as number);
    const own = factor * ((yErrors[c] as number) + 2 * EPS * Math.abs(value));
    const ofTarget = (qErrors[c] as number) * Math.abs((w[c] as number) * value);
    return own + ofTarget + FLUSH * (2 + Math.abs(w[c] as number) + factor);
  });
  const terms = y.map((value, c) => -(wq[c] as number) * value);
  return { loss: total(terms), terms: terms.length, size: sizes(terms), error: total(errors) };
}

const sumTerms = (parts: readonly ReturnType<typeof termsOf>[]) => ({
  loss: total(parts.map(({ loss }) => loss)),
  terms: total(parts.map(({ terms }) => terms)),
  size: total(parts.map(({ size }) => size)),
  error: total(parts.map(({ error }) => error)),
});

/** The losses that come out: those of the rows, or one of all. */
function lossesOf(inputs: Inputs, params: Params, arithmetic: Pick<Arithmetic, 'depth'>) {
  const rows = rowsOf(inputs, params, (row) => termsOf(row, arithmetic));
  return params.reduction === 'none' ? rows : [sumTerms(rows)];
}

/** What flows into the loss of row `index`, with the scale of a mean. */
function incomingOf(inputs: Inputs, params: Params, { loss }: Grads): (index: number) => number {
  const { scale } = layoutOf(inputs, params);
  return (index) => scale * (loss.data[params.reduction === 'none' ? index : 0] as number);
}

/** What flows into the logarithms of a row, and how far it may be off: two products more. */
function toLogs({ w, wq, qErrors }: Row, g: number) {
  return {
    dy: wq.map((factor) => -factor * g),
    errors: wq.map(
      (factor, c) =>
        Math.abs(g) *
          (Math.abs((w[c] as number) * (qErrors[c] as number)) + 3 * EPS * Math.abs(factor)) +
        FLUSH * (2 + Math.abs(g) + Math.abs(w[c] as number)),
    ),
  };
}

function logitsBound(row: Row, g: number, { depth }: Arithmetic): number[] {
  const { dy, errors } = toLogs(row, g);
  const y = logSoftmaxOf(row.x);
  const carried = total(errors);
  return logSoftmaxGradientBounds(row.x, dy, depth).map(
    (bound, c) =>
      bound + ((errors[c] as number) + Math.exp(y[c] as number) * carried) * SECOND_ORDER,
  );
}

/** keep w g times the logarithm: factor and three products round. */
function targetBound({ x, w }: Row, g: number, keep: number, { depth }: Arithmetic): number[] {
  const y = logSoftmaxOf(x);
  const yErrors = logSoftmaxBounds(x, depth);
  return y.map((value, c) => {
    const factor = Math.abs(keep * (w[c] as number) * g);
    const error = factor * ((yErrors[c] as number) + 5 * EPS * Math.abs(value));
    return error * SECOND_ORDER + FLUSH * (3 + (1 + Math.abs(w[c] as number)) * (1 + Math.abs(g)));
  });
}

/** A probability that is about the share of a class, as of targets that are not normalized. */
const drawTarget = (random: Random, classes: number): number => random.uniform(0, 2 / classes);

interface Drawn {
  readonly weighted?: boolean;
  readonly tier?: 'full';
  readonly deviation?: number;
}

function sample(
  shape: Shape,
  params: GivenParams<typeof signature>,
  { weighted = false, tier, deviation = 3 }: Drawn = {},
): SampleOf<typeof signature> {
  const classAxis = Math.min(1, shape.length - 1);
  const classes = shape[classAxis] as number;
  const { reduction, label_smoothing } = completed(signature, params);
  const rows = shape.length === 1 ? [1] : shape.toSpliced(classAxis, 1);
  const lossShape = reduction === 'none' ? rows : [1];
  const draw = (of: Shape, one: () => number) => filledTensor('f32', of, one);
  return {
    level: 'legal',
    ...(tier ? { tier } : {}),
    label: {
      logits: formatShape(shape),
      reduction,
      ...(label_smoothing > 0 ? { label_smoothing } : {}),
      ...(weighted ? { weighted } : {}),
    },
    params,
    inputs: (random) => ({
      logits: draw(shape, () => random.normal(deviation)),
      target: draw(shape, () => drawTarget(random, classes)),
      ...(weighted ? { weight: draw([classes], () => random.uniform(0.25, 4)) } : {}),
    }),
    grads: (random) => ({ loss: draw(lossShape, () => random.normal()) }),
  };
}

/** torch.nn.functional.cross_entropy of probabilities. */
export const record = defineRecord(signature, {
  summary: 'cross-entropy of logits against a probability of each class',
  forward: (inputs, params) => {
    const { lossShape, scale } = layoutOf(inputs, params);
    const losses = lossesOf(inputs, params, IN_ANY_ORDER);
    return {
      loss: { shape: lossShape, data: Float64Array.from(losses, ({ loss }) => scale * loss) },
    };
  },
  // Of a mean the reciprocal of the number of rows and the product with it round.
  acceptance: (inputs, _outputs, params, arithmetic) => {
    const { scale } = layoutOf(inputs, params);
    const units = params.reduction === 'mean' ? 2 * EPS : 0;
    const bound = lossesOf(inputs, params, arithmetic).map(({ terms, size, error }) => {
      const levels = gamma(sumLevels(terms, arithmetic.depth)) + units;
      return scale * (error + levels * (size + error)) * SECOND_ORDER + 2 * FLUSH;
    });
    return { loss: { kind: 'within', bound: Float64Array.from(bound) } };
  },
  // torch's gradients from the smoothed targets and the logarithms as they are stored.
  foreseen: (steps, inputs, params, grads) => {
    if (!grads) return {};
    const { stored, exactly, add, mul, div, neg } = steps;
    const { axis, keep, spread, scale } = layoutOf(inputs, params);
    const factor = exactly(Math.fround(keep));
    let index = 0;
    const found = mapEach(inputs.logits, { axis }, (row) => {
      const given = grads.loss.data[params.reduction === 'none' ? index++ : 0] as number;
      const g = neg(stored(div(exactly(given), exactly(Math.round(1 / scale)))));
      const y = storedLogSoftmax(
        steps,
        pick(inputs.logits, row),
        axisOf(inputs.logits.shape, axis),
      );
      const t = pick(inputs.target, row).map((each) => {
        const kept = stored(mul(exactly(each), factor));
        return stored(add(kept, exactly(Math.fround(spread))));
      });
      const flow = y.map((_, c) => stored(mul(g, exactly(inputs.weight?.data[c] ?? 1))));
      const dy = flow.map((each, c) => stored(mul(each, t[c] as Range)));
      const logits = logSoftmaxStep(steps, y, dy);
      return logits.map((each, c) => ({
        logits: each,
        target: stored(mul(stored(mul(flow[c] as Range, y[c] as Range)), factor)),
      }));
    });
    return {
      logits: [found.map(({ logits }) => logits)],
      target: [found.map(({ target }) => target)],
    };
  },
  vjp: (inputs, params, grads) => {
    const { shape } = inputs.logits;
    const { keep } = layoutOf(inputs, params);
    const g = incomingOf(inputs, params, grads);
    const logits = mapClasses(inputs, params, (row) =>
      logSoftmaxGradient(logSoftmaxOf(row.x), toLogs(row, g(row.index)).dy),
    );
    const target = mapClasses(inputs, params, ({ x, w, index }) =>
      logSoftmaxOf(x).map((y, c) => -keep * (w[c] as number) * g(index) * y),
    );
    return { logits: { shape, data: logits }, target: { shape, data: target } };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => {
    const { keep } = layoutOf(inputs, params);
    const g = incomingOf(inputs, params, grads);
    const bounds = (f: (row: Row, g: number) => readonly number[]) =>
      ({
        kind: 'within',
        bound: mapClasses(inputs, params, (row) => f(row, g(row.index))),
      }) as const;
    return {
      logits: bounds((row, own) => logitsBound(row, own, arithmetic)),
      target: bounds((row, own) => targetBound(row, own, keep, arithmetic)),
    };
  },
  samples: [
    sample([7, 13], { reduction: 'none' }),
    sample([7, 13], { reduction: 'none', label_smoothing: 0.1 }, { weighted: true }),
    sample([3, 5, 4], { label_smoothing: 0.25 }, { weighted: true }),
    sample([2, 3, 2, 11], { reduction: 'none' }, { weighted: true }),
    sample([11], { reduction: 'sum' }, { weighted: true }),
    sample([9, 130], {}, { weighted: true, tier: 'full' }),
    // Whole workgroups without an invocation to spare.
    sample([64, 8], { reduction: 'sum', label_smoothing: 0.1 }),
  ],
  faults: [
    {
      name: 'smoothed by nothing',
      shader: { file: 'nn/cross_entropy_terms', from: '+ dims.offset', to: '+ 0.1' },
    },
    {
      name: 'the sum of the gradient dropped',
      direction: 'backward',
      shader: { file: 'nn/log_softmax_backward', from: 'NOTHING))) * sum', to: 'NOTHING))) * 0.0' },
    },
  ],
  plausibleBugs: [
    inputBug('logits wrong by 2e-5', 'logits', (x) => x * (1 + 2e-5)),
    inputBug('target wrong by 2e-5', 'target', (x) => x * (1 + 2e-5)),
    inputBug('weight wrong by 2e-5', 'weight', (x) => x * (1 + 2e-5)),
    paramsBug('no smoothing', (params) => ({ ...params, label_smoothing: 0 })),
    paramsBug('sum for mean', (params) => ({
      ...params,
      reduction: params.reduction === 'none' ? 'none' : 'sum',
    })),
    {
      name: 'the class of the largest probability alone',
      apply: (inputs, params) => ({
        inputs: { ...inputs, target: { ...inputs.target, data: largest(inputs, params) } },
        params,
      }),
    },
  ],
});

const largest = (inputs: Inputs, params: Params): Float64Array =>
  mapClasses(inputs, params, ({ t }) => {
    const most = Math.max(...t);
    return t.map((each) => Number(each === most));
  });

/** (factor t + offset) v weight, as the kernel takes it; its uniforms are rounded. */
const computedTerms = (gpu: SimulatedGpu, factor: number, offset: number) => {
  const a = Math.fround(factor);
  const b = Math.fround(offset);
  return (t: number, v: number, weight: number | undefined): number =>
    gpu.mul(gpu.mul(gpu.mulAdd(a, t, b), v), weight as number);
};

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { lossShape, scale, keep, spread } = layoutOf(inputs, params);
    const term = computedTerms(gpu, -keep, -spread);
    const rows = rowsOf(inputs, params, ({ x, t, w }) =>
      computedLogSoftmax(gpu, variant, x).map((y, c) => term(t[c] as number, y, w[c])),
    );
    const sums = (params.reduction === 'none' ? rows : [rows.flat()]).map((each) =>
      gpu.mul(Math.fround(scale), sharedSum(gpu, each)),
    );
    return { loss: { shape: lossShape, data: Float64Array.from(sums) } };
  },
  backward: (gpu, inputs, params, { loss }, variant) => {
    const { scale, keep, spread } = layoutOf(inputs, params);
    const ofLogs = computedTerms(gpu, -keep * scale, -spread * scale);
    const ofTarget = computedTerms(gpu, -keep * scale, 0);
    const incoming = (index: number) =>
      loss.data[params.reduction === 'none' ? index : 0] as number;
    const { shape } = inputs.logits;
    const logits = mapClasses(inputs, params, ({ x, t, w, index }) => {
      const dy = t.map((each, c) => ofLogs(each, incoming(index), w[c]));
      return computedLogSoftmaxGradient(gpu, variant, x, dy);
    });
    const target = mapClasses(inputs, params, ({ x, w, index }) =>
      computedLogSoftmax(gpu, variant, x).map((y, c) => ofTarget(y, incoming(index), w[c])),
    );
    return { logits: { shape, data: logits }, target: { shape, data: target } };
  },
  samples: [
    sample([31, 64], { reduction: 'none', label_smoothing: 0.1 }, { weighted: true }),
    sample([31, 64], {}, { weighted: true }),
    sample([2, 1024], { reduction: 'sum' }, { deviation: 10 }),
  ],
});
