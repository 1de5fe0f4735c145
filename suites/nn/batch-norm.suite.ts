import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { batchNorm } from '../../src/ops/nn/batch_norm.ts';
import { record } from '../../src/reference/nn/batch_norm.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';
import type { ParamsOf } from '../../src/vocabulary/signature.ts';
import { TernaryLayer } from './ternary-layer.ts';

export const batchNormSuite = suite('nn.batch-norm-layer', {
  description: 'Batch normalization of the 128 outputs of a layer of ternary weights',
});

const SIZES = { rows: 24, inFeatures: 64, outFeatures: 128 };
const { rows: ROWS, outFeatures: FEATURES } = SIZES;
const TRAINING: ParamsOf<typeof batchNorm.signature> = {
  eps: 1e-5,
  momentum: 0.1,
  running_var_unbiased: true,
  training: true,
};

type Params = typeof TRAINING;
type Inputs = Readonly<Record<'x' | 'weight' | 'bias' | 'running_mean' | 'running_var', Value>>;

const perFeature = (of: (feature: number) => number): Value => ({
  shape: [FEATURES],
  data: Float64Array.from({ length: FEATURES }, (_, feature) => of(feature)),
});

/** Outputs of the layer, and a normalization that has seen nothing. */
async function fresh(t: CaseContext): Promise<Inputs> {
  using layer = new TernaryLayer(t, SIZES);
  using tape = new Tape(t.gpu);
  return {
    x: await download(layer.forward(tape)),
    weight: perFeature(() => 1),
    bias: perFeature(() => 0),
    running_mean: perFeature(() => 0),
    running_var: perFeature(() => 1),
  };
}

async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}

/** What the device makes of the inputs, and of a gradient of ones times `dy`. */
async function run(t: CaseContext, inputs: Inputs, params: Params, dy?: Value) {
  using scope = new Scope();
  const upload = ({ shape, data }: Value) =>
    scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, data)));
  const [x, weight, bias] = [upload(inputs.x), upload(inputs.weight), upload(inputs.bias)];
  const running_mean = upload(inputs.running_mean);
  const running_var = upload(inputs.running_var);
  using tape = new Tape(t.gpu, [x, weight, bias]);
  const given = { x, weight, bias, running_mean, running_var };
  const outputs = tape.apply(batchNorm, given, params, 'norm');
  const gradients = dy && tape.backward(outputs.y, upload(dy));
  const gradient = async (of: Tensor) => {
    const tensor = gradients?.get(of);
    return tensor ? [await download(tensor)] : [];
  };
  return {
    y: await download(outputs.y),
    running_mean: await download(outputs.running_mean),
    running_var: await download(outputs.running_var),
    gradients: [
      ...(await gradient(x)),
      ...(await gradient(weight)),
      ...(await gradient(bias)),
    ] as const,
  };
}

/** How far the device may be off, by output. */
function boundsOf(t: CaseContext, inputs: Inputs, params: Params) {
  const arithmetic = arithmeticOf(t, { op: batchNorm.signature, variant: variantOf() });
  const { y, running_mean, running_var } = record.acceptance(
    inputs,
    record.forward(inputs, params),
    params,
    arithmetic,
  );
  return {
    y: bound(y),
    running_mean: bound(running_mean),
    running_var: bound(running_var),
  };
}

const variantOf = () => Object.keys(batchNorm.variants)[0] as string;

function bound(acceptance: Acceptance | undefined): Float64Array {
  if (acceptance?.kind !== 'within') throw new TypeError('batch_norm has no bound');
  return acceptance.bound;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The column of a feature, one number a row. */
const columnOf = ({ data }: { readonly data: Float64Array }, feature: number): number[] =>
  Array.from({ length: ROWS }, (_, row) => data[row * FEATURES + feature] as number);

const biasedVariance = (column: readonly number[]): number =>
  mean(column.map((x) => (x - mean(column)) ** 2));

batchNormSuite
  .case('batch-mean')
  .covers('triton.compiler.custom-layer-batch-norm/batch-mean')
  .desc('In training the mean of each of the 128 features is 0, within the bound of its elements.')
  .control('a mean that lacks the last row', (fault) =>
    fault.shader(
      'nn/batch_norm_stats',
      'sum += x[walk.at];',
      'sum += select(0.0, x[walk.at], i + 1u < params.count);',
    ),
  )
  .run(async (t) => {
    const inputs = await fresh(t);
    const { y } = await run(t, inputs, TRAINING);
    const off = boundsOf(t, inputs, TRAINING).y;
    t.expectAccepted(
      'means of the features',
      perFeature((feature) => mean(columnOf(y, feature))),
      perFeature(() => 0),
      {
        kind: 'within',
        bound: perFeature((feature) => mean(columnOf({ data: off }, feature))).data,
      },
    );
  });

batchNormSuite
  .case('batch-variance', { eps: [1e-5, 0.1] })
  .covers('triton.compiler.custom-layer-batch-norm/batch-variance')
  .desc(
    'In training the variance of each feature is v / (v + eps) of its variance v before, within what the bounds of its elements allow.',
  )
  .control('a variance wrong by a thousandth', (fault) =>
    fault.shader(
      'nn/batch_norm_stats',
      'sum_of_lanes(lane, squares) / f32(params.count)',
      '1.001 * sum_of_lanes(lane, squares) / f32(params.count)',
    ),
  )
  .run(async (t) => {
    const params = { ...TRAINING, eps: Number(t.params['eps']) };
    const eps = Math.fround(params.eps);
    const inputs = await fresh(t);
    const { y } = await run(t, inputs, params);
    const off = { data: boundsOf(t, inputs, params).y };
    const expected = (feature: number) => {
      const v = biasedVariance(columnOf(inputs.x, feature));
      return v / (v + eps);
    };
    // The mean of (y + e)^2 less the square of the mean of y + e, where each e is below its bound.
    const allowed = (feature: number) => {
      const bounds = columnOf(off, feature);
      const sizes = columnOf(y, feature).map(Math.abs);
      return (
        mean(bounds.map((b, i) => 2 * ((sizes[i] as number) + b) * b + b * b)) + mean(bounds) ** 2
      );
    };
    t.expectAccepted(
      'variances of the features',
      perFeature((feature) => biasedVariance(columnOf(y, feature))),
      perFeature(expected),
      { kind: 'within', bound: perFeature(allowed).data },
    );
  });

batchNormSuite
  .case('running-statistics')
  .covers('triton.compiler.custom-layer-batch-norm/running-stats')
  .desc(
    'Over three batches the running mean and variance become 0.9 of what they were and 0.1 of the mean and the unbiased variance of the batch.',
  )
  .control('the biased variance', (fault) =>
    fault.launch('batch_norm.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, running_var_unbiased: false },
      variant,
    ]),
  )
  .run(async (t) => {
    const first = await fresh(t);
    let inputs = first;
    for (let batch = 1; batch <= 3; batch++) {
      const x = {
        ...first.x,
        data: first.x.data.map((value) => Math.fround(batch * value + batch)),
      };
      inputs = { ...inputs, x };
      const { running_mean, running_var } = await run(t, inputs, TRAINING);
      const off = boundsOf(t, inputs, TRAINING);
      const [keep, share] = [Math.fround(0.9), Math.fround(0.1)];
      const moved = (before: Value, of: (column: readonly number[]) => number) =>
        perFeature(
          (feature) => keep * (before.data[feature] as number) + share * of(columnOf(x, feature)),
        );
      const unbiased = (column: readonly number[]) => (biasedVariance(column) * ROWS) / (ROWS - 1);
      t.expectAccepted(
        `running mean after batch ${batch}`,
        running_mean,
        moved(inputs.running_mean, mean),
        { kind: 'within', bound: off.running_mean },
      );
      t.expectAccepted(
        `running variance after batch ${batch}`,
        running_var,
        moved(inputs.running_var, unbiased),
        { kind: 'within', bound: off.running_var },
      );
      inputs = { ...inputs, running_mean, running_var };
    }
  });

batchNormSuite
  .case('eval')
  .covers('triton.compiler.custom-layer-batch-norm/eval-running-stats')
  .desc(
    'Outside of training outputs are normalized by the running statistics, here those after one batch, which stay as they are.',
  )
  .control('always the statistics of the batch', (fault) =>
    fault.launch('batch_norm.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, training: true },
      variant,
    ]),
  )
  .run(async (t) => {
    const before = await fresh(t);
    const { running_mean, running_var, y: trained } = await run(t, before, TRAINING);
    const inputs = { ...before, running_mean, running_var };
    const params = { ...TRAINING, training: false };
    const after = await run(t, inputs, params);
    const data = inputs.x.data.map((x, i) => {
      const feature = i % FEATURES;
      const variance = (running_var.data[feature] as number) + Math.fround(params.eps);
      return (x - (running_mean.data[feature] as number)) / Math.sqrt(variance);
    });
    const off = boundsOf(t, inputs, params);
    t.expectAccepted(
      'y',
      after.y,
      { shape: inputs.x.shape, data },
      { kind: 'within', bound: off.y },
    );
    t.expectEqual('running mean', after.running_mean, running_mean);
    t.expectEqual('running variance', after.running_var, running_var);
    const differs = data.some((y, i) => Math.abs(y - (trained.data[i] as number)) > 0.1);
    t.expect(differs, () => 'both statistics give the same outputs');
  });

/** As in the tests of the records: see src/reference/vjp.test.ts. */
const STEP = 2 ** -17;
const TRUNCATION = 1e-7;
const ROUNDING = 2 ** -52 / STEP;

/**
 * Central differences, in float64, of sum(dy * y) of each feature, which depends on its own inputs
 * alone: `moved` moves one input of every feature by h.
 */
function slopes(dy: Value, moved: (h: number) => Inputs): { slope: Value; error: Float64Array } {
  const at = (h: number) => record.forward(moved(h), TRAINING).y.data;
  const [above, below] = [at(STEP), at(-STEP)];
  const along = (feature: number, of: (i: number) => number) =>
    Array.from({ length: ROWS }, (_, row) => of(row * FEATURES + feature)).reduce((a, b) => a + b);
  const dyAt = (i: number) => dy.data[i] as number;
  const difference = (i: number) => ((above[i] as number) - (below[i] as number)) / (2 * STEP);
  return {
    slope: perFeature((feature) => along(feature, (i) => dyAt(i) * difference(i))),
    error: perFeature((feature) =>
      along(
        feature,
        (i) =>
          TRUNCATION * Math.abs(dyAt(i)) * (1 + Math.abs(difference(i))) +
          ROUNDING * Math.abs(dyAt(i) * (above[i] as number)),
      ),
    ).data,
  };
}

batchNormSuite
  .case('finite-differences')
  .tier('full')
  .covers('triton.compiler.custom-layer-batch-norm/finite-differences')
  .desc(
    'Gradients of the inputs, the weights and the biases in training are those of finite differences in float64, within their bound.',
  )
  .control('statistics of the batch held for constants', (fault) =>
    fault.launch('batch_norm.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, params: { ...context.params, training: false } },
      variant,
    ]),
  )
  .run(async (t) => {
    const random = t.random(1);
    const drawn = () => Math.fround(random.normal());
    const inputs = {
      ...(await fresh(t)),
      weight: perFeature(() => Math.fround(random.uniform(0.5, 2))),
      bias: perFeature(drawn),
    };
    const dy = { shape: inputs.x.shape, data: random.fill(ROWS * FEATURES, drawn) };
    const { gradients } = await run(t, inputs, TRAINING, dy);
    const [dx, dweight, dbias] = gradients;
    if (!dx || !dweight || !dbias) throw new TypeError('a gradient is missing');
    const off = record.vjpAcceptance?.(
      inputs,
      { x: dx, weight: dweight, bias: dbias },
      TRAINING,
      { y: dy },
      arithmeticOf(t, { op: batchNorm.signature, variant: variantOf() }),
    );
    const judge = (
      name: string,
      actual: Value,
      bounds: Float64Array,
      at: (h: number) => Inputs,
    ) => {
      const { slope, error } = slopes(dy, at);
      t.expectAccepted(`gradient of ${name}`, actual, slope, {
        kind: 'within',
        bound: bounds.map((b, i) => b + (error[i] as number)),
      });
    };
    const shifted = (value: Value, h: number, from = 0, to = value.data.length): Value => ({
      ...value,
      data: value.data.map((x, i) => (i >= from && i < to ? x + h : x)),
    });
    for (let row = 0; row < ROWS; row++) {
      const [from, to] = [row * FEATURES, (row + 1) * FEATURES];
      judge(
        `row ${row}`,
        { shape: [FEATURES], data: dx.data.slice(from, to) },
        bound(off?.x).slice(from, to),
        (h) => ({ ...inputs, x: shifted(inputs.x, h, from, to) }),
      );
    }
    judge('weight', dweight, bound(off?.weight), (h) => ({
      ...inputs,
      weight: shifted(inputs.weight, h),
    }));
    judge('bias', dbias, bound(off?.bias), (h) => ({ ...inputs, bias: shifted(inputs.bias, h) }));
  });
