import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { InvariantError } from '../../src/errors.ts';
import { type Call, mapped } from '../../src/graph/call.ts';
import type { Launcher } from '../../src/ops/launcher.ts';
import { launchers } from '../../src/ops/registry.ts';
import { chooseVariant } from '../../src/ops/variants.ts';
import type { OpRecord, Value } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { expectedAs, expectedOf } from '../../src/reference/truth.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { HostTensor, HostTensors } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor, Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { bytes, normals } from '../../src/testing/normals.ts';
import { faultOf } from '../../src/testing/record-fault.ts';
import { timeOf } from '../../src/testing/stopwatch.ts';
import { suite } from '../../src/testing/suite.ts';

export const speed = suite('speed.ops', {
  description:
    'How long ops take at the sizes of a language model: median, interval and the operations and bytes of a call. Alone on the device, one after another.',
});

/** An op at one size. */
interface SpeedCase {
  readonly op: string;
  readonly params: object;
  readonly inputs: (random: Random) => HostTensors;
  /**
   * The input whose first rows are judged, and the output (or gradient) whose rows follow from
   * them.
   */
  readonly rows: { readonly of: string; readonly in: string };
  /** Gradient of the output, for the backward pass with respect to `rows.of`. */
  readonly grad?: Shape;
  /** Floating-point operations of a call. */
  readonly flops: number;
  /** Too long for an adapter that is a processor. */
  readonly largeOnly?: boolean;
}

/** Rows that the oracle recomputes: all would take longer than the timing. */
const JUDGED_ROWS = 2;

/** A weight of `width` squared in 4 bits. */
function weight4bit(random: Random, width: number): HostTensors {
  return {
    packed: bytes(random, [width ** 2 / 2, 1]),
    absmax: normals(random, [width ** 2 / 64]),
  };
}

/** A product of `tokens` rows with a weight of `width` squared. */
const product4bit = (tokens: number, width: number, rest: Partial<SpeedCase> = {}): SpeedCase => ({
  op: 'matmul_4bit',
  params: { quant_type: 'nf4', blocksize: 64, out_features: width, in_features: width },
  inputs: (random) => ({ x: normals(random, [tokens, width]), ...weight4bit(random, width) }),
  rows: { of: 'x', in: 'y' },
  flops: 2 * tokens * width * width,
  ...rest,
});

const TIMED: Readonly<Record<string, SpeedCase>> = {
  'product-4bit-32': product4bit(32, 1024),
  'product-4bit-128': product4bit(128, 1024),
  'product-4bit-gradient-128': product4bit(128, 1024, {
    grad: [128, 1024],
    rows: { of: 'x', in: 'x' },
  }),
  'product-4bit-wide': product4bit(512, 2048, { largeOnly: true }),
  'product-128': {
    op: 'matmul',
    params: {},
    inputs: (random) => ({ a: normals(random, [128, 1024]), b: normals(random, [1024, 1024]) }),
    rows: { of: 'a', in: 'y' },
    flops: 2 * 128 * 1024 * 1024,
  },
  'rms-norm': {
    op: 'rms_norm',
    params: { eps: 1e-5 },
    inputs: (random) => ({ x: normals(random, [512, 1024]), weight: normals(random, [1024]) }),
    rows: { of: 'x', in: 'y' },
    flops: 4 * 512 * 1024,
  },
  silu: {
    op: 'silu',
    params: {},
    inputs: (random) => ({ x: normals(random, [512, 4096]) }),
    rows: { of: 'x', in: 'y' },
    flops: 20 * 512 * 4096,
  },
  add: {
    op: 'add',
    params: {},
    inputs: (random) => ({ a: normals(random, [512, 4096]), b: normals(random, [4096]) }),
    rows: { of: 'a', in: 'y' },
    flops: 512 * 4096,
  },
};

for (const [name, timed] of Object.entries(TIMED)) {
  const { op, record } = partsOf(timed);
  const direction = timed.grad ? 'backward' : 'forward';
  // Which variant runs is known on the device alone: one fault for each.
  const faults = Object.keys(op.variants).map((variant) => faultOf(record, { direction, variant }));
  speed
    .case(name)
    .tier('full')
    .timeout(60_000)
    .desc(
      `${record.summary}${timed.grad ? ', gradient' : ''}: timed at the size of a language model's layer; the first rows are judged.`,
    )
    .control([...new Set(faults.map((fault) => fault.name))].join(', '), [...new Set(faults)])
    .run((t) => run(t, timed));
}

function partsOf({ op: name }: SpeedCase): { readonly op: Launcher; readonly record: OpRecord } {
  const op = launchers.get(name);
  const record = records.get(name);
  if (!op || !record) throw new TypeError(`there is no op ${name}`);
  return { op, record };
}

async function run(t: CaseContext, timed: SpeedCase): Promise<void> {
  if (timed.largeOnly && t.gpu.adapter.isFallback)
    t.skip('slow-adapter', 'the adapter is a processor');
  const call = callOf(t, timed);
  using prepared = new WebGpuBackend(t.gpu).prepare(call);
  // The products that are timed backward read no output there, so that no forward pass is needed.
  const launch = () => (call.grads ? prepared.backward({}) : prepared.forward());

  const result = launch();
  const bytes = Object.values(result).reduce((sum, tensor) => sum + tensor.bytes, prepared.bytes);
  await judgeRows(t, timed.rows, call, result[timed.rows.in] as Tensor);
  free(result);
  const timing = await timeOf(t.gpu, () => free(launch()));
  t.timing(timing);
  t.metric('flops', timed.flops);
  t.metric('bytes', bytes);
}

/** A call in the variant that the adapter prefers. */
type TimedCall = Call<HostTensor> & { readonly variant: string };

function callOf(t: CaseContext, timed: SpeedCase): TimedCall {
  const { op } = partsOf(timed);
  const random = t.random();
  const inputs = timed.inputs(random);
  const forward = {
    op: op.signature,
    params: timed.params,
    inputs,
    variant: chooseVariant(t.gpu, op, inputs),
  };
  if (!timed.grad) return forward;
  return { ...forward, grads: { y: normals(random, timed.grad) }, wants: [timed.rows.of] };
}

async function judgeRows(
  t: CaseContext,
  rows: SpeedCase['rows'],
  call: TimedCall,
  tensor: Tensor,
): Promise<void> {
  const { inputs, grads, ...rest } = call;
  const values = valuesOfHosts(inputs);
  const first = {
    ...rest,
    inputs: { ...values, [rows.of]: firstRows(values[rows.of] as Value) },
    ...(grads ? { grads: mapped(valuesOfHosts(grads), firstRows) } : {}),
  };
  const { actual } = mapped(valuesOfHosts({ actual: await tensor.read() }), firstRows);
  const demand = { arithmetic: arithmeticOf(t, call), level: 'legal' } as const;
  const named = { [rows.in]: actual };
  const results = grads ? { outputs: {}, gradients: named } : { outputs: named, gradients: {} };
  const expected = expectedOf(first, results, demand);
  const oracle = expectedAs(expected, rows.in, actual.dtype);
  if (!oracle) throw new InvariantError(`${rows.in} of ${call.op.name} has no bound`);
  const what = `${grads ? 'gradient of ' : ''}${rows.in}`;
  t.expectAccepted(what, actual, oracle.truth, oracle.acceptance);
}

function firstRows({ shape, data, ...rest }: Value): Value {
  const judged = [JUDGED_ROWS, ...shape.slice(1)];
  return { ...rest, shape: judged, data: data.slice(0, sizeOf(judged)) };
}

function free(tensors: Tensors): void {
  for (const tensor of Object.values(tensors)) tensor[Symbol.dispose]();
}
