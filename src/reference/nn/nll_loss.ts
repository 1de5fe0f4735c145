import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { nllLoss as signature } from '../../vocabulary/nn/nll_loss.ts';
import {
  completed,
  type GivenParams,
  type GradOutputsOf,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { EPS, FLUSH, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { workgroupSum } from '../simulation/sums.ts';
import { rowsOf } from './cross_entropy.ts';
import { classLossBugs } from './loss/plausible-bugs.ts';
import { meanOf, type RowLoss, reduced } from './loss/reduced.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The rows of a cross-entropy; log_probs are the scores. */
function problemOf({ log_probs, labels, weight }: Inputs, { ignore_index }: Params) {
  return rowsOf(
    { logits: log_probs, labels, weight },
    { ignore_index, label_smoothing: 0, shift: false },
  );
}

/** -w_t log_probs[t] of each row: a product where there are weights. */
function lossesOf(inputs: Inputs, params: Params): readonly RowLoss[] {
  const rows = problemOf(inputs, params);
  return rows.all.map((row) => {
    const target = rows.target(row);
    if (target < 0) return { loss: 0, error: 0, weight: 0 };
    const weight = rows.weight(target);
    const loss = -weight * rows.at(row, target);
    return { loss, error: rows.weighted ? EPS * Math.abs(loss) + FLUSH : 0, weight };
  });
}

function totalOf(inputs: Inputs, params: Params, arithmetic: Arithmetic) {
  return reduced(
    lossesOf(inputs, params),
    params.reduction === 'mean',
    inputs.weight !== undefined,
    arithmetic,
  );
}

function lossOf(inputs: Inputs, params: Params): Value {
  const { reduction } = params;
  if (reduction !== 'none')
    return { shape: [1], data: Float64Array.of(totalOf(inputs, params, IN_ANY_ORDER).loss) };
  return {
    shape: inputs.labels.shape,
    data: Float64Array.from(lossesOf(inputs, params), ({ loss }) => loss),
  };
}

/** The class that counts for each row, or -1. */
function targetsOf(inputs: Inputs, params: Params): Value {
  const rows = problemOf(inputs, params);
  return {
    shape: [rows.all.length],
    data: Float64Array.from(rows.all, rows.target),
  };
}

function acceptanceOf(inputs: Inputs, params: Params, arithmetic: Arithmetic): Acceptance {
  const errors: readonly { readonly error: number }[] =
    params.reduction === 'none' ? lossesOf(inputs, params) : [totalOf(inputs, params, arithmetic)];
  return { kind: 'within', bound: Float64Array.from(errors, ({ error }) => error * SECOND_ORDER) };
}

/**
 * -g w_t at each target, 0 elsewhere; with a reduction g is dloss over the normalizer: a quotient,
 * and a product with the weight.
 */
function slopesOf(
  inputs: Inputs,
  params: Params,
  grads: GradOutputsOf<typeof signature, Value>,
  arithmetic: Arithmetic,
): { gradient: Value; bound: Float64Array } {
  const rows = problemOf(inputs, params);
  const { shape, data } = inputs.log_probs;
  const dloss = grads.loss.data;
  const { reduction } = params;
  const { normalizer, normalizerError } =
    reduction === 'mean'
      ? meanOf(lossesOf(inputs, params), inputs.weight !== undefined, arithmetic)
      : { normalizer: 1, normalizerError: 0 };
  const relative = (reduction === 'none' ? 0 : normalizerError + 2.5 * EPS) + EPS;
  const gradient = new Float64Array(data.length);
  const bound = new Float64Array(data.length);
  for (const row of rows.all) {
    const target = rows.target(row);
    if (target < 0) continue;
    const slope =
      (-rows.weight(target) * (dloss[reduction === 'none' ? row : 0] as number)) / normalizer;
    const at = rows.flat(row, target);
    gradient[at] = slope;
    bound[at] = Math.abs(slope) * relative * SECOND_ORDER + 2 * FLUSH;
  }
  return { gradient: { shape, data: gradient }, bound };
}

interface Draw {
  readonly level: SampleOf<typeof signature>['level'];
  readonly log_probs: Shape;
  readonly params?: GivenParams<typeof signature>;
  readonly weighted?: boolean;
  /** The second of so many labels is ignored; default none. */
  readonly ignoreEvery?: number;
  /**
   * Labels reach this far outside of the classes on both sides, where the nearest class counts;
   * default 0.
   */
  readonly outside?: number;
}

function sample({
  level,
  log_probs,
  params = {},
  weighted,
  ignoreEvery,
  outside = 0,
}: Draw): SampleOf<typeof signature> {
  const { reduction, ignore_index } = completed(signature, params);
  const classes = log_probs[Math.min(1, log_probs.length - 1)] as number;
  const labels = log_probs.length === 1 ? [1] : log_probs.toSpliced(1, 1);
  return {
    level,
    label: {
      log_probs: formatShape(log_probs),
      reduction,
      ...(weighted ? { weighted } : {}),
      ...(ignoreEvery ? { ignore: ignore_index } : {}),
    },
    params,
    inputs: (random) => ({
      log_probs: filledTensor('f32', log_probs, () =>
        level === 'exact' ? -random.integer(0, 99) : -Math.abs(random.normal(3)),
      ),
      labels: hostTensorFrom(
        'i32',
        labels,
        random
          .fill(sizeOf(labels), () => random.integer(-outside, classes - 1 + outside))
          .map((label, i) => (ignoreEvery && i % ignoreEvery === 1 ? ignore_index : label)),
      ),
      ...(weighted
        ? {
            weight: hostTensorFrom(
              'f32',
              [classes],
              random.fill(classes, () =>
                level === 'exact' ? random.integer(1, 9) : random.uniform(0.5, 2),
              ),
            ),
          }
        : {}),
    }),
    grads: (random) => {
      const shape = reduction === 'none' ? labels : [1];
      const draw = level === 'exact' ? () => random.integer(-9, 9) : () => random.normal();
      return { loss: filledTensor('f32', shape, draw) };
    },
  };
}

/** torch.nn.functional.nll_loss. */
export const record = defineRecord(signature, {
  summary: 'negative log-likelihood of class labels',
  forward: (inputs, params) => ({
    loss: lossOf(inputs, params),
    targets: targetsOf(inputs, params),
  }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    loss: acceptanceOf(inputs, params, arithmetic),
    targets: { kind: 'exact' },
  }),
  vjp: (inputs, params, grads) => ({
    log_probs: slopesOf(inputs, params, grads, IN_ANY_ORDER).gradient,
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => ({
    log_probs: { kind: 'within', bound: slopesOf(inputs, params, grads, arithmetic).bound },
  }),
  samples: [
    sample({
      level: 'exact',
      log_probs: [67, 19],
      params: { reduction: 'none' },
      weighted: true,
      ignoreEvery: 4,
      outside: 5,
    }),
    sample({
      level: 'exact',
      log_probs: [5, 11, 3, 7],
      params: { reduction: 'none', ignore_index: 3 },
      ignoreEvery: 6,
    }),
    // Whole workgroups without an invocation to spare.
    sample({ level: 'exact', log_probs: [64, 3], params: { reduction: 'none' } }),
    sample({
      level: 'legal',
      log_probs: [130, 7],
      params: { reduction: 'sum', ignore_index: 3 },
      ignoreEvery: 4,
      weighted: true,
    }),
    sample({ level: 'legal', log_probs: [3, 5, 31], ignoreEvery: 4, weighted: true }),
    sample({ level: 'legal', log_probs: [37, 4] }),
    sample({ level: 'legal', log_probs: [17] }),
  ],
  faults: [
    {
      name: 'sign of the loss',
      shader: { file: 'nn/nll_loss_rows', from: 'own = -target_weight', to: 'own = target_weight' },
    },
    {
      name: 'sign of the gradient',
      direction: 'backward',
      shader: { file: 'nn/nll_loss_backward', from: '= -flow', to: '= flow' },
    },
  ],
  plausibleBugs: [
    ...classLossBugs<Params, Inputs>(),
    inputBug('log_probs wrong by 2e-5', 'log_probs', (x) => x * (1 + 2e-5)),
    inputBug(
      'weights wrong by a part in a thousand for every second class',
      'weight',
      (w, i) => w * (i % 2 ? 1.001 : 1),
    ),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const rows = problemOf(inputs, params);
    const targets = targetsOf(inputs, params);
    const losses = Array.from(targets.data, (target, row) =>
      target < 0 ? 0 : gpu.mul(-rows.weight(target), rows.at(row, target)),
    );
    const { reduction } = params;
    if (reduction === 'none')
      return {
        loss: { shape: inputs.labels.shape, data: Float64Array.from(losses) },
        targets,
      };
    const sum = workgroupSum(gpu, losses);
    const weights = Array.from(targets.data, (target) => (target < 0 ? 0 : rows.weight(target)));
    const loss = reduction === 'sum' ? sum : gpu.div(sum, workgroupSum(gpu, weights));
    return { loss: { shape: [1], data: Float64Array.of(loss) }, targets };
  },
  backward: (gpu, inputs, params, grads) => {
    const rows = problemOf(inputs, params);
    const { shape, data } = inputs.log_probs;
    const dloss = grads.loss.data;
    const targets = Array.from(targetsOf(inputs, params).data);
    const weights = targets.map((target) => (target < 0 ? 0 : rows.weight(target)));
    const { reduction } = params;
    const normalizer = reduction === 'mean' ? workgroupSum(gpu, weights) : 1;
    const gradient = new Float64Array(data.length);
    targets.forEach((target, row) => {
      if (target < 0) return;
      const incoming =
        reduction === 'none' ? (dloss[row] as number) : gpu.div(dloss[0] as number, normalizer);
      gradient[rows.flat(row, target)] = gpu.mul(-incoming, weights[row] as number);
    });
    return { log_probs: { shape, data: gradient } };
  },
});
