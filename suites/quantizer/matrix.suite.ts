import { Tape } from '../../src/autograd/tape.ts';
import { ReferenceBackend } from '../../src/backends/reference.ts';
import { backendRunner } from '../../src/backends/runner.ts';
import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { mapped } from '../../src/graph/call.ts';
import { run } from '../../src/graph/run.ts';
import { add } from '../../src/ops/math/add.ts';
import { multiplied } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { createQuantizer, type QuantizerBackend } from '../../src/quantizer/quantizer.ts';
import { QuantizerError } from '../../src/quantizer/quantizer-error.ts';
import { schemeOf } from '../../src/quantizer/registry.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from '../quant/values.ts';
import { drawn, drawnWeight } from './drawn.ts';
import { limitOf } from './weight-limit.ts';

export const matrix = suite('quantizer.matrix', {
  description: 'Every method on every backend that is here: quantize, decode, multiply',
});

const ROW = 'fsdp.backend.quantization-method-compatibility';

/** The methods of the matrix by the names of their row, with the bits that their errors hang on. */
const METHODS = {
  'bnb-nf4': { method: 'nf4', bits: 4 },
  'bnb-fp4': { method: 'fp4', bits: 4 },
  'bnb-int8': { method: 'llm_int8', bits: 8 },
  hqq: { method: 'hqq', bits: 4 },
  mlx: { method: 'mlx', bits: 4 },
  quanto: { method: 'quanto_int8', bits: 8 },
  ternary: { method: 'ternary', bits: 2 },
} as const;

/** Backends that are here; in `webgpu-f16` products are computed in halves. */
const COLUMNS = {
  'webgpu-f32': 'float32',
  'webgpu-f16': 'float16',
  reference: 'float32',
} as const;

type Column = keyof typeof COLUMNS;

/** What became of a cell. */
type Cell = { readonly error: number } | { readonly unavailable: string };

/** The weight and what it is multiplied with. */
interface Given {
  readonly weight: HostTensor;
  readonly x: HostTensor;
}

const OUT = 16;
const IN = 128;

const givenOf = (t: CaseContext): Given => ({
  weight: drawnWeight(t, 0, [OUT, IN]),
  x: drawn(t, 1, [5, IN]),
});

/** y of a weight that is quantized on the device. */
async function onDevice(
  t: CaseContext,
  backend: QuantizerBackend,
  { weight: host, x: rows }: Given,
  options: LayerOptions,
): Promise<Float64Array> {
  using scope = new Scope();
  const weight = scope.add(Tensor.from(t.gpu, host));
  const x = scope.add(Tensor.from(t.gpu, rows));
  const tape = scope.add(new Tape(t.gpu));
  const quantized = createQuantizer(backend, options).quantizeWeight(tape, weight, 'fc');
  scope.addAll(quantized.parts);
  return valuesOf(await multiplied(tape, quantized, x, 'fc').read());
}

/** The same calls by the records in float64: they are recorded on the device and run again. */
async function onReference(
  t: CaseContext,
  backend: ReferenceBackend,
  given: Given,
  options: LayerOptions,
): Promise<Float64Array> {
  createQuantizer(backend, options);
  const scheme = schemeOf(options);
  using scope = new Scope();
  const inputs = mapped({ ...given }, (host) => scope.add(Tensor.from(t.gpu, host)));
  const recorder = new GraphBuilder<Tensor>(inputs);
  const tape = scope.add(new Tape(t.gpu, [], { recorder }));
  const { weight, x } = inputs;
  const made = scheme.quantize(tape, weight, 'fc.quantize');
  const parts = mapped(scheme.parts(weight.shape), ({ shape }, part) =>
    tape.view(made[part] as Tensor, shape),
  );
  const y = multiplied(tape, scheme.weight(parts, weight.shape), x, 'fc');
  const graph = recorder.build({ y });
  const values = await run(graph, backendRunner(backend), { ...given });
  return valuesOf(values.get(graph.outputs['y'] as number) as HostTensor);
}

/** Executes a cell: how far the product with the quantized weight is from that in floats. */
async function cell(
  t: CaseContext,
  column: Column,
  method: string,
  webgpu: QuantizerBackend = new WebGpuBackend(t.gpu),
): Promise<Cell> {
  const given = givenOf(t);
  try {
    const y =
      column === 'reference'
        ? await onReference(t, new ReferenceBackend(), given, { method })
        : await onDevice(t, webgpu, given, { method, computeDtype: COLUMNS[column] });
    const values = mapped({ ...given }, ({ shape, data }) => value({ shape, data }));
    const expected = product(values.x, values.weight, false, true).data;
    const off = y.map((a, i) => a - (expected[i] as number));
    return { error: Math.hypot(...off) / Math.hypot(...expected) };
  } catch (error) {
    if (error instanceof QuantizerError) return { unavailable: error.code };
    throw error;
  }
}

/** Asserts that a cell that is claimed ran, within the limit of its bits. */
/** The product errs as the weight does, and by as much again where x is quantized too. */
function expectPass(
  t: CaseContext,
  where: string,
  made: Cell,
  { method, bits }: { readonly method: string; readonly bits: number },
): void {
  const limit = (method === 'llm_int8' ? 2 : 1) * limitOf(method, bits);
  const words = 'error' in made ? `errs by ${made.error}` : `is unavailable, ${made.unavailable}`;
  t.expect('error' in made && made.error <= limit, () => `${where} ${words}`);
}

matrix
  .case('cell', { method: Object.keys(METHODS), backend: Object.keys(COLUMNS) })
  .covers(`${ROW}/seven-methods`, `${ROW}/false-claim-fails`)
  .desc(
    "A weight is quantized, decoded and multiplied by the cell's method on its backend; the product errs by no more than the bits of the method allow.",
  )
  .control('every product twice as large', (fault) =>
    fault.host('quantizer.multiplied', (original) => (tape, ...rest) => {
      const y = original(tape, ...rest);
      return tape.apply(add, { a: y, b: y }, {}, 'twice').y;
    }),
  )
  .run(async (t) => {
    const { method, bits } = METHODS[t.params.method as keyof typeof METHODS];
    const made = await cell(t, t.params.backend as Column, method);
    if ('error' in made) t.metric('relative-error', made.error);
    expectPass(t, `${method} on ${t.params.backend}`, made, { method, bits });
  });

matrix
  .case('unavailable')
  .covers(`${ROW}/cell-verdicts`)
  .desc(
    'A cell of a backend without the op of its method is unavailable with the code quant-unsupported, beside one that passes.',
  )
  .control('a backend is asked for no op', (fault) =>
    fault.host('quantizer.missing_ops', () => () => []),
  )
  .run(async (t) => {
    const whole = new WebGpuBackend(t.gpu);
    const lacking = { name: 'webgpu', supports: (op: string) => op !== 'hqq_quantize' };
    const found = await cell(t, 'webgpu-f32', 'hqq', whole);
    expectPass(t, 'hqq on the whole backend', found, METHODS.hqq);
    const made = await cell(t, 'webgpu-f32', 'hqq', lacking);
    const code = 'unavailable' in made ? made.unavailable : 'none';
    t.expect(code === 'quant-unsupported', () => `the code is ${code}`);
  });
