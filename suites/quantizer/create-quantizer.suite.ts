import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { GradproofError } from '../../src/errors.ts';
import { Transformer } from '../../src/models/transformer/transformer.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { createQuantizer } from '../../src/quantizer/quantizer.ts';
import { methods } from '../../src/quantizer/registry.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { quantizerOf } from './drawn.ts';
import { Perceptron } from './perceptron.ts';

export const creating = suite('quantizer.create', {
  description: 'A quantizer of a backend: which layers it replaces, what it reports and refuses',
});

const ROW = 'fsdp.quantization.create-quantization-adapter';

const SIZES = {
  vocab: 40,
  inner: 96,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  length: 6,
};

const LINEARS = [
  ...['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => `self_attn.${name}`),
  ...['gate_proj', 'up_proj', 'down_proj'].map((name) => `mlp.${name}`),
  'lm_head',
];

creating
  .case('eligible')
  .covers(`${ROW}/eligible-linears`)
  .desc(
    'Of a transformer all linears are replaced and listed, and nothing else: embeddings and norms stay in float32.',
  )
  .control('embeddings are taken for linears', (fault) =>
    fault.host(
      'quantizer.is_eligible',
      () => (name, tensor) => name.endsWith('.weight') && tensor.shape.length > 1,
    ),
  )
  .run(async (t) => {
    using model = new Transformer(t.gpu, SIZES, t.random());
    const before = model.values.names;
    const { layers, kept } = quantizerOf(t, { method: 'nf4' }).quantizeModel(model);
    expectNames(
      t,
      'replaced',
      layers.map(({ name }) => name),
      LINEARS,
    );
    const quantized = model.values.names.filter((name) => isQuantized(model.values.view(name)));
    expectNames(
      t,
      'quantized',
      quantized,
      LINEARS.map((name) => `${name}.weight`),
    );
    const others = before.filter((name) => !quantized.includes(name));
    expectNames(t, 'kept', kept, others);
  });

/** Asserts the same names in any order. */
function expectNames(
  t: CaseContext,
  what: string,
  actual: readonly string[],
  expected: readonly string[],
): void {
  const [got, wanted] = [actual, expected].map((names) => [...names].sort().join(', '));
  t.expect(got === wanted, () => `${what}: ${got}, and should be ${wanted}`);
}

/** Formats whose kernels quick cases of the ops compile, or some that differ by constants. */
const ALIKE: ReadonlySet<string> = new Set([
  'fp4',
  'mlx',
  'mxfp8',
  'onnx_nbits_symmetric',
  'q8_0',
  'quanto_float8',
  'quanto_float8_e4m3fnuz',
  'quanto_float8_e5m2',
  'ternary_base3',
]);

for (const method of methods.keys())
  creating
    .case('bytes', { method: [method] })
    .tier(ALIKE.has(method) ? 'full' : 'quick')
    .covers(`${ROW}/bytes-before-after`)
    .desc(
      'The report says how many bytes the values of a network of 128-640-16 hold before and after; the ledger of the device says the same.',
    )
    .control('scales are not counted', (fault) =>
      fault.host('quantizer.bytes_of', (original) => (value) => {
        const bytes = original(value);
        return isQuantized(value) ? bytes - 4 : bytes;
      }),
    )
    .run(async (t) => {
      const { memory } = t.gpu;
      const start = memory.ledger.liveBytes;
      using model = new Perceptron(t.gpu, t.random(), [128, 640, 16]);
      const before = memory.ledger.liveBytes - start;
      // The weight of 81,920 elements fills blocks of 4096, that of 10,240 does not; parts of both
      // are whole words, as buffers are.
      const report = quantizerOf(t, { method }).quantizeModel(model);
      const after = memory.ledger.liveBytes - start;
      t.metric('bytes', report.bytesAfter);
      t.expect(report.bytesBefore === before, () => `before ${report.bytesBefore}, held ${before}`);
      t.expect(report.bytesAfter === after, () => `after ${report.bytesAfter}, held ${after}`);
      t.expect(after < before, () => `${after} bytes are no fewer than ${before}`);
    });

/** The device without some ops. */
function lacking(t: CaseContext, ...ops: readonly string[]) {
  const whole = new WebGpuBackend(t.gpu);
  return {
    name: 'webgpu-lacking',
    supports: (op: string) => whole.supports(op) && !ops.includes(op),
  };
}

creating
  .case('unsupported')
  .covers(`${ROW}/unsupported-pair`)
  .desc(
    'A method whose ops the backend lacks is refused as quant-unsupported, with both named, when the quantizer is made or when a rule asks for it; bits and groups that a method lacks are refused as quant-method.',
  )
  .control('a backend is asked for no op', (fault) =>
    fault.host('quantizer.missing_ops', () => () => []),
  )
  .run(async (t) => {
    const backend = lacking(t, 'hqq_quantize');
    const refused = (make: () => unknown, code: string, words: readonly string[]) => {
      try {
        make();
      } catch (error) {
        const isRight =
          error instanceof GradproofError &&
          error.code === code &&
          words.every((word) => error.message.includes(word));
        t.expect(isRight, () => `refused with ${error}`);
        return;
      }
      t.expect(false, () => `${words.join(' on ')} was not refused`);
    };
    const pair = ['hqq', 'webgpu-lacking', 'hqq_quantize'];
    refused(() => createQuantizer(backend, { method: 'hqq' }), 'quant-unsupported', pair);
    using model = new Perceptron(t.gpu, t.random());
    const rules = [{ layers: 'fc2', to: { method: 'hqq' } }];
    const quantizer = createQuantizer(backend, { method: 'nf4' });
    refused(() => quantizer.quantizeModel(model, { rules }), 'quant-unsupported', pair);
    const isWhole = model.values.names.every((name) => !isQuantized(model.values.view(name)));
    t.expect(isWhole, () => 'a refused policy quantized some layer');
    const asked = (options: { bits?: number; groupSize?: number }) => () =>
      createQuantizer(backend, { method: 'mlx', ...options });
    refused(asked({ bits: 7 }), 'quant-method', ['bits 7 of mlx']);
    refused(asked({ groupSize: 48 }), 'quant-method', ['groupSize 48 of mlx']);
  });
