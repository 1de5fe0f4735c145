import { GradproofError } from '../../src/errors.ts';
import { readParityBundle } from '../../src/formats/parity-bundle.ts';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { blockFormatOf } from '../../src/quant/registry.ts';
import type { OpRecord } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import {
  filledTensor,
  type HostTensor,
  type HostTensors,
  hostTensor,
  hostTensorFrom,
  ShapeError,
  valuesOf,
} from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { causeOf } from '../../src/testing/cause.ts';
import {
  AssertionError,
  CaseContext,
  type Evidence,
  newEvidence,
  SkipSignal,
} from '../../src/testing/context.ts';
import { faultsOf, type LaunchFault } from '../../src/testing/fault.ts';
import { declareReplay, forwardFault } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';

/** How a replay ended, and what it recorded. */
interface Ending {
  readonly status: 'pass' | 'fail' | 'skip' | 'error';
  readonly code?: string;
  readonly evidence: Evidence;
}

/** Replays a bundle made of these tensors on the device of the case, and says how that ended. */
async function replayed(
  t: CaseContext,
  op: string,
  params: object,
  tensors: HostTensors,
): Promise<Ending> {
  const metadata = {
    schema: 'parity-bundle/1',
    op,
    params: JSON.stringify(params),
    producer: 'gradproof 0 + itself',
    device: 'cpu',
  };
  const evidence = newEvidence();
  try {
    await declareReplay('synthetic', readParityBundle(writeSafetensors(tensors, metadata))).run(
      new CaseContext(t, {}, evidence),
    );
    return { status: 'pass', evidence };
  } catch (error) {
    if (error instanceof SkipSignal) return { status: 'skip', code: error.code, evidence };
    if (error instanceof AssertionError) return { status: 'fail', code: error.code, evidence };
    if (error instanceof GradproofError) return { status: 'error', code: error.code, evidence };
    throw error;
  }
}

/** Asserts status and finding of a replay. */
function expectEnding(
  t: CaseContext,
  ending: Ending,
  expected: { status: Ending['status']; code?: string; finding?: readonly number[] },
): void {
  const { status, code, evidence } = ending;
  t.expect(
    status === expected.status,
    () =>
      `the replay ends as ${status} (${code ?? 'no code'}) and should end as ${expected.status}`,
  );
  if (expected.code)
    t.expect(code === expected.code, () => `the code is ${code} and should be ${expected.code}`);
  const at = evidence.finding?.at?.index;
  t.expect(
    String(at) === String(expected.finding),
    () => `the finding is at ${at ?? 'none'} and should be at ${expected.finding ?? 'none'}`,
  );
  const fault = status === 'pass' ? causeOf({ code: evidence.finding?.code ?? 'none' }) : undefined;
  t.expect(
    fault === (expected.finding && status === 'pass' ? 'producer' : undefined),
    () => `the blame is on ${fault}`,
  );
}

/** float32 product, summed in the order that `order` gives, as a producer may. */
function product(
  a: HostTensor,
  b: HostTensor,
  order: (terms: number[]) => number[] = (terms) => terms,
): Float64Array {
  const x = valuesOf(a);
  const y = valuesOf(b);
  const m = a.shape[0] as number;
  const k = a.shape[1] as number;
  const n = b.shape[1] as number;
  return Float64Array.from({ length: m * n }, (_, i) => {
    const row = Math.floor(i / n);
    const col = i % n;
    const terms = Array.from({ length: k }, (_t, j) =>
      Math.fround((x[row * k + j] as number) * (y[j * n + col] as number)),
    );
    return order(terms).reduce((sum, term) => Math.fround(sum + term), 0);
  });
}

const normal = (random: Random, dtype: 'f32' | 'f16', shape: Shape) =>
  filledTensor(dtype, shape, () => random.normal());

/** A tensor with one element changed. */
function changed(tensor: HostTensor, at: number, change: (x: number) => number): HostTensor {
  return hostTensorFrom(
    tensor.dtype,
    tensor.shape,
    valuesOf(tensor).map((x, i) => (i === at ? change(x) : x)),
  );
}

/** Breaks our product in every variant. */
const brokenProduct = forwardFault(records.get('matmul') as OpRecord).faults;
/** The recorded value is accepted whatever it is. */
const trustProducer = faultsOf((fault) =>
  fault.host('parity.acceptanceOfRecorded', () => (_, __, oracle) => ({
    kind: 'within',
    bound: oracle.data.map(() => Number.POSITIVE_INFINITY),
  })),
);
/**
 * The recorded value is accepted as ours would be, without a unit in the last place of its format.
 */
const noHalfRule = faultsOf((fault) =>
  fault.host('parity.acceptanceOfRecorded', () => (acceptance) => acceptance),
);

export const verdict = suite('replay.verdict', {
  description:
    'The verdict of three parties: the oracle judges ours and what a producer recorded, and never accuses who is right.',
});

verdict
  .case('recorded-right', { order: ['ascending', 'descending', 'alternating'] })
  .desc(
    'A float32 product in any order of summation, with terms of very different sizes, is accepted, and so is ours.',
  )
  .control('a broken product of ours', brokenProduct)
  .run(async (t) => {
    const random = t.random();
    const a = normal(random, 'f32', [5, 257]);
    const b = normal(random, 'f32', [257, 3]);
    const wild = hostTensorFrom(
      'f32',
      a.shape,
      valuesOf(a).map((x, i) => x * 10 ** ((i % 7) - 3)),
    );
    const orders: Record<string, (terms: number[]) => number[]> = {
      ascending: (terms) => terms.sort((x, y) => x - y),
      descending: (terms) => terms.sort((x, y) => y - x),
      alternating: (terms) => terms.sort((x, y) => Math.abs(y) - Math.abs(x)),
    };
    const y = hostTensorFrom('f32', [5, 3], product(wild, b, orders[String(t.params['order'])]));
    expectEnding(t, await replayed(t, 'matmul', {}, { 'in.a': wild, 'in.b': b, 'out.y': y }), {
      status: 'pass',
    });
  });

verdict
  .case('recorded-wrong')
  .desc(
    'One element of a recorded product and one of a recorded gradient are off: ours passes, and the first of them is the finding.',
  )
  .control('every producer is trusted', trustProducer)
  .run(async (t) => {
    const random = t.random();
    const a = normal(random, 'f32', [4, 9]);
    const b = normal(random, 'f32', [9, 6]);
    const dy = normal(random, 'f32', [4, 6]);
    const y = hostTensorFrom('f32', [4, 6], product(a, b));
    const inputs = { 'in.a': a, 'in.b': b, 'in.grad.y': dy };
    const wrong = changed(y, 15, (x) => x + 1e-3);
    const ending = await replayed(
      t,
      'matmul',
      {},
      {
        ...inputs,
        'out.y': wrong,
        'out.grad.b': hostTensorFrom('f32', [9, 6], new Float64Array(54)),
      },
    );
    expectEnding(t, ending, { status: 'pass', finding: [2, 3] });
    const text = ending.evidence.finding?.message ?? '';
    t.expect(
      /^gradproof 0 \(cpu\): y\[2, 3\] is .* oracle gives .*; 1 of 24 elements differ; also gradient of b$/.test(
        text,
      ),
      () => text,
    );
  });

verdict
  .case('both-wrong')
  .desc(
    'A kernel of ours that drops a term fails although the recorded value is wrong too, and the finding is kept.',
  )
  .control('every producer is trusted', trustProducer)
  .injects(...brokenProduct)
  .run(async (t) => {
    const random = t.random();
    const a = normal(random, 'f32', [4, 9]);
    const b = normal(random, 'f32', [9, 6]);
    const right = hostTensorFrom('f32', [4, 6], product(a, b));
    const y = changed(right, 0, (x) => x + 1);
    using injector = t.injector();
    injector.inject(...brokenProduct);
    expectEnding(t, await replayed(t, 'matmul', {}, { 'in.a': a, 'in.b': b, 'out.y': y }), {
      status: 'fail',
      finding: [0, 0],
    });
  });

verdict
  .case('half-output')
  .desc(
    'A recorded half-precision value may be a unit in the last place of its format away, and not many.',
  )
  .control('no rule for half precision', noHalfRule)
  .run(async (t) => {
    const random = t.random();
    const a = normal(random, 'f16', [3, 2]);
    const b = normal(random, 'f16', [2, 5]);
    const exact = product(a, b);
    const half = hostTensorFrom('f16', [3, 5], exact);
    const neighbour = hostTensor(
      'f16',
      [3, 5],
      Uint16Array.from(half.data, (bits, i) => bits + (i % 2)),
    );
    const inputs = { 'in.a': a, 'in.b': b };
    expectEnding(t, await replayed(t, 'matmul', {}, { ...inputs, 'out.y': neighbour }), {
      status: 'pass',
    });
    const far = changed(half, 7, (x) => x + 0.25 + Math.abs(x));
    expectEnding(t, await replayed(t, 'matmul', {}, { ...inputs, 'out.y': far }), {
      status: 'pass',
      finding: [1, 2],
    });
  });

verdict
  .case('non-finite', { value: ['NaN', 'Infinity'] })
  .desc(
    'What depends on a NaN or an infinity of the inputs is not judged; the rest is, and when nothing is left the case is skipped.',
  )
  .control('nothing depends on anything', (fault) =>
    fault.host('parity.dependentMasks', () => () => ({})),
  )
  .run(async (t) => {
    const random = t.random();
    const a = changed(normal(random, 'f32', [3, 4]), 5, () => Number(t.params['value']));
    const b = normal(random, 'f32', [4, 2]);
    const y = hostTensorFrom(
      'f32',
      [3, 2],
      product(
        changed(a, 5, () => 0),
        b,
      ),
    );
    expectEnding(t, await replayed(t, 'matmul', {}, { 'in.a': a, 'in.b': b, 'out.y': y }), {
      status: 'pass',
    });
    const wrong = changed(y, 4, (x) => x + 1);
    expectEnding(t, await replayed(t, 'matmul', {}, { 'in.a': a, 'in.b': b, 'out.y': wrong }), {
      status: 'pass',
      finding: [2, 0],
    });
    const row = {
      'in.a': hostTensor('f32', [1, 4], a.data.slice(4, 8)),
      'in.b': b,
      'out.y': hostTensorFrom('f32', [1, 2], [0, 0]),
    };
    expectEnding(t, await replayed(t, 'matmul', {}, row), { status: 'skip', code: 'unjudged' });
  });

verdict
  .case('masked', { op: ['softmax', 'log_softmax', 'logsumexp'] })
  .desc(
    'What a -inf among logits gives by definition is asked of a recording: minus infinity of its logarithm, and of a row of nothing else NaN, or minus infinity of a sum.',
  )
  .control('no definition is known', (fault) => fault.host('parity.definedOf', () => () => ({})))
  .run(async (t) => {
    const op = t.params['op'] as 'softmax' | 'log_softmax' | 'logsumexp';
    const MASKED = Number.NEGATIVE_INFINITY;
    const x = hostTensorFrom('f32', [3, 2], [MASKED, MASKED, MASKED, 3, 5, 5]);
    const rights = {
      softmax: [Number.NaN, Number.NaN, 0, 1, 0.5, 0.5],
      log_softmax: [Number.NaN, Number.NaN, MASKED, 0, -Math.LN2, -Math.LN2],
      logsumexp: [MASKED, 3, 5 + Math.LN2],
    };
    const isSum = op === 'logsumexp';
    const right = hostTensorFrom('f32', isSum ? [3] : [3, 2], rights[op]);
    const ended = (y: HostTensor) =>
      replayed(t, op, isSum ? { axes: [1], keepdims: false } : {}, { 'in.x': x, 'out.y': y });
    expectEnding(t, await ended(right), { status: 'pass' });
    const whole = changed(right, 0, () => 0.5);
    expectEnding(t, await ended(whole), { status: 'pass', finding: isSum ? [0] : [0, 0] });
    if (op !== 'log_softmax') return;
    const leaked = changed(right, 2, () => 5);
    expectEnding(t, await ended(leaked), { status: 'pass', finding: [1, 0] });
  });

verdict
  .case('own-codes')
  .desc(
    'A dequantized weight is judged against codes and absmax of the party that made it, and codes against the weight.',
  )
  .control('every producer is trusted', trustProducer)
  .run(async (t) => {
    const weight = normal(t.random(), 'f32', [4, 32]);
    const w = valuesOf(weight);
    const absmax = Float32Array.from({ length: 4 }, (_, block) =>
      Math.max(...w.subarray(32 * block, 32 * block + 32).map(Math.abs)),
    );
    const { values } = blockFormatOf('nf4');
    const codes = Array.from(w, (x, i) =>
      nearest(Array.from(values), x / (absmax[i >> 5] as number)),
    );
    const decoded = codes.map((code, i) => (values[code] as number) * (absmax[i >> 5] as number));
    const packed = hostTensorFrom(
      'u8',
      [64, 1],
      Array.from(
        { length: 64 },
        (_, k) => 16 * (codes[2 * k] as number) + (codes[2 * k + 1] as number),
      ),
    );
    const dequant = hostTensorFrom('f32', [4, 32], decoded);
    const given = { 'in.weight': weight, 'out.absmax': hostTensor('f32', [4], absmax) };
    const params = { quant_type: 'nf4', blocksize: 32 };
    expectEnding(
      t,
      await replayed(t, 'quantize_4bit', params, {
        ...given,
        'out.packed': packed,
        'out.dequant': dequant,
      }),
      {
        status: 'pass',
      },
    );

    const wrongWeight = changed(dequant, 70, (x) => x * 1.01 + 0.01);
    const deviates = await replayed(t, 'quantize_4bit', params, {
      ...given,
      'out.packed': packed,
      'out.dequant': wrongWeight,
    });
    expectEnding(t, deviates, { status: 'pass', finding: [2, 6] });
    const text = deviates.evidence.finding?.message ?? '';
    t.expect(text.includes('its own codes and scales give'), () => text);

    const wrongCode = changed(packed, 35, (byte) => byte ^ 0x40);
    const miscoded = await replayed(t, 'quantize_4bit', params, {
      ...given,
      'out.packed': wrongCode,
      'out.dequant': dequant,
    });
    expectEnding(t, miscoded, { status: 'pass', finding: [35, 0] });
  });

verdict
  .case('unsupported')
  .desc(
    'A bundle of what the op of this version does not compute is skipped, by what its record says.',
  )
  .control('records that promise everything', (fault) =>
    fault.host('parity.unsupportedIn', () => () => undefined),
  )
  .run(async (t) => {
    const code = hostTensorFrom('f32', [256], new Float32Array(256));
    const ending = await replayed(
      t,
      'dynamic_map',
      { signed: false, total_bits: 6, max_exponent_bits: 4 },
      { 'out.code': code },
    );
    expectEnding(t, ending, { status: 'skip', code: 'not-implemented' });
  });

/** What our launcher may refuse with. */
const REFUSALS: readonly GradproofError[] = [
  new ShapeError('no'),
  new GradproofError('not-implemented', 'no'),
];

/** Our launcher refuses everything, in these words. */
const refusing = (refused: GradproofError): LaunchFault => ({
  launch: {
    seam: 'matmul.forward',
    change: () => {
      throw refused;
    },
  },
});

verdict
  .case('refusal', { code: REFUSALS.map(({ code }) => code) })
  .desc('What our launcher refuses although its record promises it is an error, and no skip.')
  .control('records that promise nothing', (fault) =>
    fault.host('parity.unsupportedIn', () => () => 'anything'),
  )
  .injects({ launch: { seam: 'matmul.forward' } })
  .run(async (t) => {
    const random = t.random();
    const a = normal(random, 'f32', [3, 2]);
    const b = normal(random, 'f32', [2, 5]);
    const refused = REFUSALS.find(({ code }) => code === t.params['code']) as GradproofError;
    using injector = t.injector();
    injector.inject(refusing(refused));
    const ending = await replayed(
      t,
      'matmul',
      {},
      { 'in.a': a, 'in.b': b, 'out.y': hostTensorFrom('f32', [3, 5], product(a, b)) },
    );
    expectEnding(t, ending, { status: 'error', code: refused.code });
  });

/** Index of the value nearest to `x`. */
function nearest(values: readonly number[], x: number): number {
  return values.reduce(
    (best, value, i) => (Math.abs(value - x) < Math.abs((values[best] as number) - x) ? i : best),
    0,
  );
}

verdict
  .case('optimizer-steps')
  .desc(
    'Each step of a recorded trajectory is judged from its own step before, so that a single wrong step accuses two and no more.',
  )
  .control('every producer is trusted', trustProducer)
  .run(async (t) => {
    const param = 0.5;
    const gradient = 0.25;
    // With a constant gradient both moments' bias corrections cancel: every step is lr g / (|g| +
    // eps).
    const grads = hostTensorFrom('f32', [4, 1], [gradient, gradient, gradient, gradient]);
    const steps = [1, 2, 3, 4].map((step) => param - 0.125 * step);
    const hyperparameters = { optimizer: 'adam', lr: 0.125, betas: [0.9, 0.999], eps: 1e-8 };
    const given = { 'in.param': hostTensorFrom('f32', [1], [param]), 'in.grads': grads };
    const right = hostTensorFrom('f32', [4, 1], steps);
    expectEnding(
      t,
      await replayed(t, 'optimizer_steps', hyperparameters, { ...given, 'out.trajectory': right }),
      { status: 'pass' },
    );
    const wrong = changed(right, 1, (x) => x + 0.01);
    const ending = await replayed(t, 'optimizer_steps', hyperparameters, {
      ...given,
      'out.trajectory': wrong,
    });
    expectEnding(t, ending, { status: 'pass', finding: [1, 0] });
    t.expect(
      ending.evidence.finding?.message.includes('2 of 4 elements differ') ?? false,
      () => ending.evidence.finding?.message ?? 'none',
    );
  });
