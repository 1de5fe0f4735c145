import { present } from '../../src/graph/call.ts';
import type { Launcher } from '../../src/ops/launcher.ts';
import { launchers } from '../../src/ops/registry.ts';
import { chooseVariant, depthOf } from '../../src/ops/variants.ts';
import type { Depth, OpRecord } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import {
  type HostTensor,
  type HostTensors,
  hostTensor,
  hostTensorFrom,
  valuesOf,
} from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { timeOf } from '../../src/testing/stopwatch.ts';
import { SuiteError, suite } from '../../src/testing/suite.ts';

export const speed = suite('speed.ops', {
  description:
    'How long ops take at the sizes of a language model: median, interval and the operations and bytes of a call. Alone on the device, one after another.',
});

/** An op at one size. */
interface Timed {
  readonly op: string;
  readonly params: object;
  readonly inputs: (random: Random) => HostTensors;
  /**
   * The input whose first rows are judged, and the output (or gradient) whose rows follow from
   * them.
   */
  readonly rows: { readonly of: string; readonly in: string };
  /** Gradient that flows in, for the backward pass with respect to `rows.of`. */
  readonly grad?: Shape;
  /** Floating-point operations of a call. */
  readonly flops: number;
  /** Too long for an adapter that is a processor. */
  readonly largeOnly?: boolean;
}

/** Rows that the oracle recomputes: all would take longer than the timing. */
const JUDGED_ROWS = 2;

/**
 * Numbers that are drawn for a tensor; it repeats them, because time does not depend on the values,
 * and drawing millions takes long.
 */
const DRAWN = 4093;

function normals(random: Random, shape: Shape): HostTensor {
  const drawn = random.fill(DRAWN, () => random.normal());
  return hostTensorFrom(
    'f32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => drawn[i % DRAWN] as number),
  );
}

/** A weight of `width` squared in 4 bits. */
function weight4bit(random: Random, width: number): HostTensors {
  const drawn = random.fill(DRAWN, () => random.integer(0, 255));
  return {
    packed: hostTensor(
      'u8',
      [width ** 2 / 2, 1],
      Uint8Array.from({ length: width ** 2 / 2 }, (_, i) => drawn[i % DRAWN] as number),
    ),
    absmax: normals(random, [width ** 2 / 64]),
  };
}

/** A product of `tokens` rows with a weight of `width` squared. */
const product4bit = (tokens: number, width: number, rest: Partial<Timed> = {}): Timed => ({
  op: 'matmul_4bit',
  params: { quant_type: 'nf4', blocksize: 64, out_features: width, in_features: width },
  inputs: (random) => ({ x: normals(random, [tokens, width]), ...weight4bit(random, width) }),
  rows: { of: 'x', in: 'y' },
  flops: 2 * tokens * width * width,
  ...rest,
});

const TIMED: Readonly<Record<string, Timed>> = {
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
  const faults = Object.keys(op.variants).map((variant) => {
    const fault = record.faults.find(
      (each) =>
        (each.direction ?? 'forward') === direction && (each.variants?.includes(variant) ?? true),
    );
    if (!fault)
      throw new SuiteError(
        `record ${record.name} names no fault for ${direction} of variant ${variant}`,
      );
    return fault;
  });
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

function partsOf({ op: name }: Timed): { readonly op: Launcher; readonly record: OpRecord } {
  const op = launchers.get(name);
  const record = records.get(name);
  if (!op || !record) throw new TypeError(`there is no op ${name}`);
  return { op, record };
}

async function run(t: CaseContext, timed: Timed): Promise<void> {
  if (timed.largeOnly && t.gpu.adapter.isFallback)
    t.skip('slow-adapter', 'the adapter is a processor');
  const { op, record } = partsOf(timed);
  const random = t.random();
  const hosts = timed.inputs(random);
  const inputs = upload(t, hosts);
  const params = timed.params;
  const variant = chooseVariant(t.gpu, op.variants, inputs);
  const flowing = timed.grad && normals(random, timed.grad);
  const grads: Tensors = flowing ? { y: Tensor.from(t.gpu, flowing) } : {};
  const outputs = timed.grad ? { y: grads['y'] as Tensor } : {};
  const wants = new Set([timed.rows.of]);
  const call = (): Tensors =>
    timed.grad
      ? present(op.backward(t.gpu, { inputs, outputs, grads, params, wants, variant }))
      : op.forward(t.gpu, inputs, params, variant);

  const result = call();
  const bytes = [
    ...Object.values(inputs),
    ...Object.values(grads),
    ...Object.values(result),
  ].reduce((sum, tensor) => sum + tensor.bytes, 0);
  await judgeRows(t, timed, record, {
    hosts,
    flowing,
    actual: result[timed.rows.in] as Tensor,
    depth: depthOf(op.variants[variant]),
  });
  free(result);
  const timing = await timeOf(t.gpu, () => free(call()));
  free(inputs);
  free(grads);
  t.timing(timing);
  t.metric('flops', timed.flops);
  t.metric('bytes', bytes);
}

interface Ran {
  readonly hosts: HostTensors;
  readonly flowing: HostTensor | undefined;
  readonly actual: Tensor;
  readonly depth: Depth;
}

async function judgeRows(
  t: CaseContext,
  { rows, params }: Timed,
  record: OpRecord,
  { hosts, flowing, actual, depth }: Ran,
): Promise<void> {
  const value = (host: HostTensor) => ({
    shape: host.shape,
    dtype: host.dtype,
    data: valuesOf(host),
  });
  const first = (host: HostTensor) => {
    const shape = [JUDGED_ROWS, ...host.shape.slice(1)];
    return { shape, dtype: host.dtype, data: valuesOf(host).slice(0, sizeOf(shape)) };
  };
  const inputs = Object.fromEntries(
    Object.entries(hosts).map(([name, host]) => [
      name,
      name === rows.of ? first(host) : value(host),
    ]),
  );
  const arithmetic = { depth, ieee: t.ieee };
  const got = first(await actual.read());
  if (flowing) {
    const { vjp, vjpAcceptance } = record as Required<OpRecord>;
    const grads = { y: first(flowing) };
    const oracle = vjp(inputs, params, grads);
    const acceptance = vjpAcceptance(inputs, oracle, params, grads, arithmetic)[rows.in];
    if (oracle[rows.in] && acceptance)
      t.expectAccepted(`gradient of ${rows.in}`, got, oracle[rows.in] as typeof got, acceptance);
    return;
  }
  const oracle = record.forward(inputs, params);
  const acceptance = record.acceptance(inputs, oracle, params, arithmetic)[rows.in];
  if (oracle[rows.in] && acceptance)
    t.expectAccepted(rows.in, got, oracle[rows.in] as typeof got, acceptance);
}

function upload(t: CaseContext, hosts: HostTensors): Tensors {
  return Object.fromEntries(
    Object.entries(hosts).map(([name, host]) => [name, Tensor.from(t.gpu, host)]),
  );
}

function free(tensors: Tensors): void {
  for (const tensor of Object.values(tensors)) tensor[Symbol.dispose]();
}
