import { filledTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.ts';
import { crossEntropy as signature } from '../../../vocabulary/nn/cross_entropy.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../../vocabulary/signature.ts';
import type { PlausibleBugOf, SampleOf } from '../../define.ts';
import { inputBug, paramsBug } from '../../plausible-bug.ts';
import type { Value } from '../../record.ts';
import { classLossBugs } from '../loss/plausible-bugs.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

interface Draw {
  readonly logits: Shape;
  readonly params?: GivenParams<typeof signature>;
  /** One in so many labels is ignored; default none. */
  readonly ignoreEvery?: number;
  readonly weighted?: boolean;
  /** The least of the classes' weights; default 0.5. */
  readonly leastWeight?: number;
  readonly logit?: (random: Random) => number;
  /**
   * Labels reach this far outside the classes on both sides, where the nearest class counts;
   * default 0.
   */
  readonly outside?: number;
  /** Names the kind of logits in the case id. */
  readonly values?: string;
}

function sample({
  logits,
  params = {},
  ignoreEvery,
  weighted,
  leastWeight = 0.5,
  logit = (random) => random.normal(3),
  outside = 0,
  values,
}: Draw): SampleOf<typeof signature> {
  const { reduction, label_smoothing, ignore_index, shift } = completed(signature, params);
  const classAxis = classAxisOf(logits, shift);
  const classes = logits[classAxis] as number;
  const labels = logits.length === 1 ? [1] : logits.toSpliced(classAxis, 1);
  return {
    level: 'legal',
    label: {
      logits: formatShape(logits),
      reduction,
      ...(label_smoothing ? { smoothing: label_smoothing } : {}),
      ...(ignoreEvery ? { ignore: ignore_index } : {}),
      ...(weighted ? { weighted } : {}),
      ...(shift ? { shift } : {}),
      ...(values ? { values } : {}),
    },
    params,
    inputs: (random) => ({
      logits: filledTensor('f32', logits, () => logit(random)),
      labels: hostTensorFrom(
        'i32',
        labels,
        drawLabels(
          random,
          sizeOf(labels),
          [-outside, classes - 1 + outside],
          ignoreEvery,
          ignore_index,
        ),
      ),
      ...(weighted
        ? {
            weight: hostTensorFrom(
              'f32',
              [classes],
              random.fill(classes, () => random.uniform(leastWeight, 2)),
            ),
          }
        : {}),
    }),
    grads: (random) => {
      const shape = reduction === 'none' ? labels : [1];
      return {
        loss: filledTensor('f32', shape, () => random.normal()),
      };
    },
  };
}

/**
 * Classes are the second dimension, the last of shifted sequences, the only one of a single row.
 */
function classAxisOf(logits: Shape, shift: boolean): number {
  return shift ? logits.length - 1 : Math.min(1, logits.length - 1);
}

/** Labels; the second of each `every` is ignored, so that the first row never is. */
function drawLabels(
  random: Random,
  count: number,
  [low, high]: [number, number],
  every: number | undefined,
  ignored: number,
): Float64Array {
  const labels = random.fill(count, () => random.integer(low, high));
  return every ? labels.map((label, i) => (i % every === 1 ? ignored : label)) : labels;
}

export const crossEntropySamples: readonly SampleOf<typeof signature>[] = [
  sample({ logits: [67, 19] }),
  sample({ logits: [1, 1] }),
  sample({ logits: [130, 256], ignoreEvery: 5 }),
  sample({ logits: [37, 33], params: { reduction: 'none' }, ignoreEvery: 4 }),
  sample({ logits: [37, 33], params: { reduction: 'sum', ignore_index: 3 }, ignoreEvery: 4 }),
  sample({ logits: [29, 17], params: { label_smoothing: 0.1 }, ignoreEvery: 4, weighted: true }),
  sample({ logits: [29, 17], params: { label_smoothing: 0.25, reduction: 'none' } }),
  sample({ logits: [5, 11, 3, 7], params: { reduction: 'mean' }, ignoreEvery: 6, weighted: true }),
  sample({ logits: [3, 9, 13], params: { shift: true } }),
  // Several parts of a row, and none is whole.
  sample({
    logits: [5, 1100],
    params: { reduction: 'none', label_smoothing: 0.1 },
    weighted: true,
    leastWeight: -1,
    logit: (random) => random.normal(10),
  }),
  sample({
    logits: [2, 1029, 3],
    values: 'spikes',
    logit: (random) => (random.integer(0, 299) === 0 ? 500 : random.normal()),
  }),
  sample({ logits: [17] }),
  // Rows that fill their workgroup.
  sample({ logits: [64, 5] }),
  sample({
    logits: [9, 300],
    params: { reduction: 'none' },
    values: 'far-apart',
    logit: (random) => random.integer(0, 1) * 90 + random.normal(20),
  }),
  sample({
    logits: [29, 5],
    params: { reduction: 'none' },
    outside: 5,
    values: 'large',
    logit: (random) => 1e3 * random.integer(5, 9) + random.normal(),
  }),
  // The largest of a row is its own, not that of another.
  sample({
    logits: [9, 1],
    params: { reduction: 'none' },
    values: 'large',
    logit: (random) => 1e3 * random.integer(5, 9) + random.normal(),
  }),
  sample({
    logits: [29, 3],
    params: { reduction: 'none' },
    values: 'masked',
    logit: (random) =>
      random.integer(0, 2) === 0 ? -(2 ** 127) * random.uniform(1, 1.9) : random.normal(3),
  }),
];

/** Plausible mistakes; each shows in some sample. */
export const crossEntropyPlausibleBugs: readonly PlausibleBugOf<typeof signature>[] = [
  ...classLossBugs<Params, Inputs>(),
  inputBug('logits wrong by 2e-5', 'logits', (x) => x * (1 + 2e-5)),
  inputBug(
    'weights of every second class wrong by a part in a thousand',
    'weight',
    (w, i) => w * (i % 2 ? 1.001 : 1),
  ),
  {
    name: 'last class dropped',
    apply: (inputs, params) => ({ inputs: withoutLastClass(inputs, params), params }),
  },
  {
    name: 'weights ignored',
    apply: ({ logits, labels }, params) => ({
      inputs: { logits, labels },
      params,
    }),
  },
  {
    name: 'ignored rows count',
    apply: (inputs, params) => ({ inputs: withIgnored(inputs, params, false), params }),
  },
  {
    name: 'mean over all rows instead of those kept',
    apply: (inputs, params) => ({ inputs: withIgnored(inputs, params, true), params }),
  },
  paramsBug('no label smoothing', (p) => ({ ...p, label_smoothing: 0 })),
  paramsBug('label smoothing 0.11 for 0.1', (p) => ({
    ...p,
    label_smoothing: 1.1 * p.label_smoothing,
  })),
  {
    name: 'no shift',
    apply: (inputs, params) => ({
      inputs: params.shift ? flattened(inputs) : inputs,
      params: { ...params, shift: false },
    }),
  },
];

/** A class that no probability goes to. */
function withoutLastClass(inputs: Inputs, { shift }: Params): Inputs {
  const { logits } = inputs;
  const axis = classAxisOf(logits.shape, shift);
  const classes = logits.shape[axis] as number;
  const inner = sizeOf(logits.shape.slice(axis + 1));
  const data = logits.data.map((x, i) =>
    Math.floor(i / inner) % classes === classes - 1 ? -1e5 : x,
  );
  return { ...inputs, logits: { ...logits, data } };
}

/**
 * Ignored labels become class 0; with `free` their rows cost nothing, so that only the count of
 * rows changes.
 */
function withIgnored(inputs: Inputs, { ignore_index, shift }: Params, free: boolean): Inputs {
  const { logits, labels } = inputs;
  // A class that is itself ignored cannot be labelled, and other layouts add nothing here.
  if (shift || logits.shape.length !== 2 || ignore_index >= 0) return inputs;
  const classes = logits.shape[1] as number;
  const data = logits.data.map((x, i) =>
    free && labels.data[Math.floor(i / classes)] === ignore_index ? (i % classes ? 0 : 1e4) : x,
  );
  return {
    ...inputs,
    logits: { ...logits, data },
    labels: { ...labels, data: labels.data.map((t) => (t === ignore_index ? 0 : t)) },
  };
}

/** Shifted sequences as independent rows. */
function flattened(inputs: Inputs): Inputs {
  const { logits, labels } = inputs;
  return {
    ...inputs,
    logits: { ...logits, shape: [labels.data.length, logits.shape.at(-1) as number] },
    labels: { ...labels, shape: [labels.data.length] },
  };
}
