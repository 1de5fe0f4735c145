import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import type { Application } from '../../src/graph/call.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import type { Policy } from '../../src/quantizer/policy.ts';
import type { ReplaceableValues } from '../../src/quantizer/quantizer.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { largerScalesOfTrits } from '../matmul/every-tile.ts';
import { drawn, quantizerOf } from './drawn.ts';
import { Perceptron } from './perceptron.ts';

export const policies = suite('quantizer.policies', {
  description: 'Which layer is quantized how: patterns, mixed precision, and what is refused',
});

/** How each value is stored, by name. */
function table({ names, view }: Pick<ReplaceableValues, 'names' | 'view'>): string {
  const rows = names.map((name) => {
    const value = view(name);
    return `${name} ${isQuantized(value) ? value.format.name : value.dtype}`;
  });
  return rows.join(', ');
}

function expectTable(t: CaseContext, model: Perceptron, expected: string): void {
  const actual = table(model.values);
  t.expect(actual === expected, () => `values are stored as ${actual}, not ${expected}`);
}

const SIZES = [64, 128, 64, 32];

const MIXED: Policy = {
  rules: [
    { layers: 'fc1', to: { method: 'ternary' } },
    { layers: 'fc2', to: { method: 'nf4' } },
    { layers: /3$/, to: 'keep' },
  ],
};

policies
  .case('named-layers')
  .covers('triton.quantization.per-layer-control/only-named-layers')
  .desc('The first layer becomes ternary, the second nf4, and the last, which is kept, stays.')
  .control('every pattern meets every layer', (fault) =>
    fault.host('quantizer.matches', () => () => true),
  )
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random(), SIZES);
    quantizerOf(t, { method: 'int8' }).quantizeModel(model, MIXED);
    expectTable(
      t,
      model,
      'fc1.weight ternary, fc1.bias f32, fc2.weight nf4, fc2.bias f32, fc3.weight f32, fc3.bias f32',
    );
  });

policies
  .case('unmatched')
  .covers('triton.quantization.per-layer-control/unmatched-pattern-error')
  .desc('A pattern that meets no layer is refused as policy-unmatched, and nothing is quantized.')
  .control('a pattern meets what begins alike', (fault) =>
    fault.host(
      'quantizer.matches',
      () => (pattern, layer) => layer.startsWith(pattern.slice(0, 2)),
    ),
  )
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random(), SIZES);
    const before = table(model.values);
    const policy: Policy = { rules: [{ layers: 'fc9', to: { method: 'nf4' } }], rest: 'keep' };
    let code = 'none';
    try {
      quantizerOf(t, { method: 'nf4' }).quantizeModel(model, policy);
    } catch (error) {
      code = error instanceof GradproofError ? error.code : String(error);
    }
    t.expect(code === 'policy-unmatched', () => `the code is ${code}`);
    expectTable(t, model, before);
  });

/** The logits of five rows, with every op of the pass judged. */
async function judgedPass(t: CaseContext, model: Perceptron): Promise<void> {
  using x = Tensor.from(t.gpu, drawn(t, 1, [5, SIZES[0] as number]));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace });
  model.forward(tape, x);
  await judgeApplications(t, 0, trace);
}

policies
  .case('first-layer-ternary')
  .covers('triton.quantization.mixed-precision-ternary-model/output-within-bound')
  .desc('With a ternary first layer and the others in float32 every op of a pass is in its bound.')
  .control('every product of trits 1e-4 larger', largerScalesOfTrits)
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random(), SIZES);
    const policy: Policy = { rules: [{ layers: 'fc1', to: { method: 'ternary' } }], rest: 'keep' };
    quantizerOf(t, { method: 'ternary' }).quantizeModel(model, policy);
    await judgedPass(t, model);
  });

policies
  .case('plan-table')
  .covers('triton.quantization.mixed-precision-ternary-model/plan-table')
  .desc('The report lists the precision of each layer that is quantized, and all that is kept.')
  .control('the rest is quantized too', (fault) =>
    fault.host('quantizer.matches', () => () => true),
  )
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random(), SIZES);
    const policy: Policy = { rules: [{ layers: 'fc1', to: { method: 'ternary' } }], rest: 'keep' };
    const report = quantizerOf(t, { method: 'ternary' }).quantizeModel(model, policy);
    const rows = report.layers.map(({ name, method, bits, group }) =>
      [name, method, bits, group].join(' '),
    );
    const listed = [...rows, ...report.kept].join(', ');
    const expected = 'fc1 ternary 2 channel, fc1.bias, fc2.weight, fc2.bias, fc3.weight, fc3.bias';
    t.expect(listed === expected, () => `listed are ${listed}`);
  });

policies
  .case('mixed-bytes')
  .covers('triton.quantization.mixed-precision-model/layer-bytes')
  .desc(
    'With the second of three layers in f16 the buffers of each layer have the bytes that are declared.',
  )
  .control('halves kept as wide as floats', (fault) =>
    fault.host('quantizer.kept', () => (part) => Tensor.empty(part.gpu, 'f32', part.shape)),
  )
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random(), SIZES);
    const policy: Policy = { rules: [{ layers: 'fc2', to: { method: 'f16' } }], rest: 'keep' };
    quantizerOf(t, { method: 'f16' }).quantizeModel(model, policy);
    const bytes = [1, 2, 3].map((layer) => {
      const weight = model.values.view(`fc${layer}.weight`);
      const parts = isQuantized(weight) ? Object.values<Tensor>(weight.parts) : [weight];
      return parts.reduce((sum, part) => sum + part.bytes, 0);
    });
    const declared = [64 * 128 * 4, 128 * 64 * 2, 64 * 32 * 4];
    t.expect(bytes.join() === declared.join(), () => `layers take ${bytes.join()} bytes`);
    await judgedPass(t, model);
  });
