import { Scope } from '../../src/gpu/scope.ts';
import { present } from '../../src/graph/call.ts';
import type { Launcher } from '../../src/ops/launcher.ts';
import { launchers } from '../../src/ops/registry.ts';
import type { OpRecord, Value, Values } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { type HostTensors, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const empty = suite('ops.empty', {
  description:
    'Ops take operands of no rows, terms or batches: results of the right shape, and gradients that are zero where they are not empty',
});

/** A call in which some dimension is 0. */
interface Call {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The output that is given a gradient. Default y. */
  readonly output?: string;
}

const MATRICES = { gate: [5, 4], up: [5, 4], down: [4, 5] };

/** A loss of no pairs; each of them, or their sum. */
const pairs = (reduction: 'none' | 'sum'): Call => ({
  inputs: { input: [0, 3], target: [0, 3] },
  params: { reduction },
  output: 'loss',
});

const CALLS: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  matmul: {
    rows: { inputs: { a: [0, 5], b: [5, 4], bias: [4] } },
    terms: { inputs: { a: [3, 0], b: [0, 4], bias: [4] } },
    batches: { inputs: { a: [0, 3, 2], b: [2, 4] } },
  },
  layer_norm: { rows: { inputs: { x: [0, 5], weight: [5], bias: [5] }, params: { eps: 1 } } },
  group_norm: {
    samples: { inputs: { x: [0, 4, 3], weight: [4], bias: [4] }, params: { num_groups: 2 } },
  },
  instance_norm: { samples: { inputs: { x: [0, 4, 3], weight: [4], bias: [4] } } },
  rms_norm: { rows: { inputs: { x: [0, 5], weight: [5], bias: [5] }, params: { eps: 1 } } },
  swiglu_mlp: {
    rows: { inputs: { x: [0, 4], ...MATRICES } },
    columns: { inputs: { x: [3, 0], gate: [5, 0], up: [5, 0], down: [0, 5] } },
  },
  embedding: { ids: { inputs: { weight: [5, 3], ids: [0] } } },
  cross_entropy: {
    rows: {
      inputs: { logits: [0, 5], labels: [0] },
      params: { reduction: 'sum', log_probs: false },
      output: 'loss',
    },
  },
  cross_entropy_prob_target: {
    rows: {
      inputs: { logits: [0, 5], target: [0, 5] },
      params: { reduction: 'sum' },
      output: 'loss',
    },
  },
  nll_loss: {
    rows: {
      inputs: { log_probs: [0, 5], labels: [0] },
      params: { reduction: 'sum' },
      output: 'loss',
    },
  },
  mse_loss: { each: pairs('none') },
  l1_loss: { each: pairs('none') },
  smooth_l1_loss: { each: pairs('none') },
  huber_loss: { each: pairs('none') },
  kl_div: { each: pairs('none'), sum: pairs('sum') },
  bce_with_logits: {
    each: pairs('none'),
    sum: {
      ...pairs('sum'),
      inputs: { input: [0, 3], target: [0, 3], weight: [0, 1], pos_weight: [3] },
    },
  },
  scaled_dot_product_attention: {
    keys: { inputs: { q: [1, 2, 3, 4], k: [1, 2, 0, 4], v: [1, 2, 0, 5] } },
    queries: { inputs: { q: [1, 2, 0, 4], k: [1, 1, 3, 4], v: [1, 1, 3, 5] } },
    batches: { inputs: { q: [0, 2, 3, 4], k: [0, 2, 3, 4], v: [0, 2, 3, 5] } },
    heads: { inputs: { q: [2, 0, 3, 4], k: [2, 0, 3, 4], v: [2, 0, 3, 5] } },
    values: { inputs: { q: [1, 2, 3, 4], k: [1, 2, 3, 4], v: [1, 2, 3, 0] } },
  },
  rotary_embedding: {
    rows: {
      inputs: { q: [0, 2, 3, 4], k: [0, 1, 3, 4], position_ids: [3] },
      params: { head_dim: 4 },
      output: 'q',
    },
  },
  add: { rows: { inputs: { a: [0, 3], b: [3] } } },
  div: { columns: { inputs: { a: [3, 0], b: [3, 1] } } },
  cast: { rows: { inputs: { x: [0, 3] }, params: { to: 'float16' } } },
  clip: { rows: { inputs: { x: [0, 3] }, params: { min: 1 } } },
  gelu: { rows: { inputs: { x: [0, 3] } } },
  reduce_sum: {
    rows: { inputs: { x: [0, 3] }, params: { axes: [1], keepdims: false } },
    terms: { inputs: { x: [0, 3] }, params: { axes: [0] } },
  },
  reduce_mean: { rows: { inputs: { x: [0, 3] }, params: { axes: [1] } } },
  reduce_max: { rows: { inputs: { x: [0, 3] }, params: { axes: [1] } } },
  logsumexp: { rows: { inputs: { x: [0, 3] }, params: { axes: [1] } } },
  var: { rows: { inputs: { x: [0, 3] }, params: { axes: [1] } } },
  std: { rows: { inputs: { x: [0, 3] }, params: { axes: [1] } } },
  cumsum: {
    rows: { inputs: { x: [0, 3] }, params: { dim: 1 } },
    terms: { inputs: { x: [3, 0] }, params: { dim: 1 } },
  },
  topk: {
    rows: { inputs: { x: [0, 3] }, params: { k: 2 }, output: 'values' },
    none: { inputs: { x: [2, 3] }, params: { k: 0 }, output: 'values' },
    'of-nothing': { inputs: { x: [2, 0] }, params: { k: 0 }, output: 'values' },
  },
  argmax: { rows: { inputs: { x: [0, 3] }, params: { axis: 1 } } },
  norm: { terms: { inputs: { x: [2, 0] }, params: { axes: [1] } } },
  softmax: { rows: { inputs: { x: [0, 3] } }, classes: { inputs: { x: [3, 0] } } },
  log_softmax: { rows: { inputs: { x: [0, 3] } }, classes: { inputs: { x: [3, 0] } } },
  dropout: { rows: { inputs: { x: [0, 3] }, params: { p: 0.5, seed: 1 } } },
  transpose: { rows: { inputs: { x: [2, 0, 3] }, params: { perm: [2, 0, 1] } } },
  concat: { parts: { inputs: { x0: [2, 3], x1: [0, 3] }, params: { axis: 0 } } },
  gather: { indices: { inputs: { x: [4, 3], indices: [0] } } },
  take_along_dim: { indices: { inputs: { x: [4, 3], indices: [4, 0] }, params: { dim: 1 } } },
  scatter_add: {
    rows: { inputs: { x: [0, 3], indices: [0, 3], src: [0, 3] }, params: { dim: 0 } },
  },
  pad: { rows: { inputs: { x: [0, 3] }, params: { pad: [1, 1] } } },
  index_add: {
    slices: { inputs: { x: [4, 3], index: [0], source: [0, 3] }, params: { dim: 0 } },
  },
  quantize_linear: {
    rows: { inputs: { x: [0, 3], scale: [3] }, params: { axis: 1 }, output: 'q' },
  },
  conv2d: {
    images: { inputs: { x: [0, 4, 5, 6], weight: [6, 4, 3, 2], bias: [6] } },
    channels: { inputs: { x: [2, 0, 5, 6], weight: [6, 0, 3, 2], bias: [6] } },
  },
  max_pool2d: { images: { inputs: { x: [0, 3, 5, 6] }, params: { kernel: [3, 2] } } },
  avg_pool2d: { images: { inputs: { x: [0, 3, 5, 6] }, params: { kernel: [3, 2] } } },
  global_avg_pool2d: { channels: { inputs: { x: [2, 0, 5, 6] } } },
  batch_norm: {
    images: {
      inputs: { x: [0, 3, 4], weight: [3], bias: [3], running_mean: [3], running_var: [3] },
      params: { eps: 1 },
    },
  },
  rotary_embedding_cache: {
    positions: { inputs: { x: [2, 2, 0, 4], cos: [2, 0, 2], sin: [2, 0, 2] } },
  },
};

const DTYPES: Readonly<Record<string, DType>> = {
  labels: 'i32',
  ids: 'i32',
  position_ids: 'i32',
  indices: 'i32',
  index: 'i32',
};

/** Ones: whatever is added too much shows. */
const ones = (name: string, shape: Shape) =>
  hostTensorFrom(DTYPES[name] ?? 'f32', shape, new Float32Array(sizeOf(shape)).fill(1));

const hostsOf = ({ inputs }: Call): HostTensors =>
  Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, ones(name, shape)]));

/** The same call with one of everything that it has none of. */
const filled = (call: Call): Call => ({
  ...call,
  inputs: Object.fromEntries(
    Object.entries(call.inputs).map(([name, shape]) => [
      name,
      shape.map((size) => Math.max(size, 1)),
    ]),
  ),
});

const upload = (t: { readonly gpu: CaseContext['gpu'] }, hosts: HostTensors): Tensors =>
  Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, Tensor.from(t.gpu, host)]));

async function expectAll(
  t: CaseContext,
  what: string,
  actual: Tensors,
  truth: Values,
): Promise<void> {
  for (const [name, value] of Object.entries(truth)) {
    const tensor = actual[name] as Tensor;
    t.expect(
      formatShape(tensor.shape) === formatShape(value.shape),
      () => `${what}${name} has the shape ${formatShape(tensor.shape)}`,
    );
    t.expectEqual(what + name, { shape: value.shape, data: valuesOf(await tensor.read()) }, value);
  }
}

async function expectEmpty(
  t: CaseContext,
  op: Launcher,
  record: OpRecord,
  call: Call,
): Promise<void> {
  const { params = {}, output = 'y' } = call;
  const hosts = hostsOf(call);
  const truth = record.forward(valuesOfHosts(hosts), params);
  const dy = { [output]: ones(output, (truth[output] as Value).shape) };
  t.gpu.memory.guarded = true;
  using scope = new Scope();
  const inputs = scope.addAll(upload(t, hosts));
  const grads = scope.addAll(upload(t, dy));
  const outputs = scope.addAll(op.forward(t.gpu, inputs, params));
  await expectAll(t, '', outputs, { [output]: truth[output] as Value });
  if (!record.vjp) return;
  const gradients = record.vjp(
    valuesOfHosts(hosts),
    params,
    zeroWhereMissing(record, truth, valuesOfHosts(dy)),
  );
  const context = {
    inputs,
    outputs,
    grads,
    params: params,
    wants: new Set(Object.keys(gradients)),
  };
  await expectAll(t, 'gradient of ', scope.addAll(present(op.backward(t.gpu, context))), gradients);
}

/** The record wants a gradient of every output. */
function zeroWhereMissing(record: OpRecord, truth: Values, grads: Values): Values {
  const zeros = Object.keys(record.outputs).flatMap((name) => {
    const value = truth[name];
    return value ? [[name, { shape: value.shape, data: new Float64Array(value.data.length) }]] : [];
  });
  return { ...Object.fromEntries(zeros), ...grads };
}

for (const [name, calls] of Object.entries(CALLS)) {
  const op = launchers.get(name) as Launcher;
  const record = records.get(name) as OpRecord;
  for (const [none, call] of Object.entries(calls)) {
    empty
      .case('none', { op: [name], of: [none] })
      // Its kernels compile longest, for another worker than that of its suite.
      .tier(name === 'scaled_dot_product_attention' ? 'full' : 'quick')
      .desc('Results have their shape, and are as the oracle says; so are the gradients.')
      .control('one instead of none', (fault) =>
        fault.launch(`${name}.forward`, ([gpu, , params, variant]) => [
          gpu,
          upload({ gpu }, hostsOf(filled(call))),
          params,
          variant,
        ]),
      )
      .run((t) => expectEmpty(t, op, record, call));
  }
}
