import { Tape } from '../../src/autograd/tape.ts';
import { gelu } from '../../src/ops/math/gelu.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { sigmoid } from '../../src/ops/math/sigmoid.ts';
import { silu } from '../../src/ops/nn/silu.ts';
import { sigmoid as logistic } from '../../src/reference/logistic.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { normalDensity, normalProbability } from '../../src/reference/normal.ts';
import type { Value } from '../../src/reference/record.ts';
import { recordOf } from '../../src/reference/registry.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { Fault } from '../../src/testing/fault.ts';
import { faultOf } from '../../src/testing/record-fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { TernaryLayer } from './ternary-layer.ts';

export const activationsSuite = suite('nn.activation-after-layer', {
  description: 'Activations after a layer of ternary weights',
});

const SIZES = { rows: 16, inFeatures: 24, outFeatures: 40 };
const TOLERANCE = 1e-5;

/** An activation with its values and its slopes in float64. */
interface Activation {
  readonly op: typeof relu | typeof gelu | typeof sigmoid | typeof silu;
  readonly value: (z: number) => number;
  readonly slope: (z: number) => number;
}

const ACTIVATIONS: readonly Activation[] = [
  { op: relu, value: (z) => Math.max(0, z), slope: (z) => (z > 0 ? 1 : 0) },
  {
    op: gelu,
    value: (z) => z * normalProbability(z),
    slope: (z) => normalProbability(z) + z * normalDensity(z),
  },
  { op: sigmoid, value: logistic, slope: (z) => logistic(z) * logistic(-z) },
  {
    op: silu,
    value: (z) => z * logistic(z),
    slope: (z) => logistic(z) * (1 + z * logistic(-z)),
  },
];

async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}

/** Outputs of the activation after the layer, with the gradient of the layer's inputs for `dy`. */
async function run(t: CaseContext, layer: TernaryLayer, { op }: Activation, dy: Value) {
  using tape = new Tape(t.gpu, [layer.x]);
  const z = layer.forward(tape);
  const y = tape.apply(op as typeof relu, { x: z }, {}, op.name).y;
  using seed = Tensor.from(t.gpu, hostTensorFrom('f32', dy.shape, dy.data));
  const dx = tape.backward(y, seed).get(layer.x) as Tensor;
  return { y: await download(y), dx: await download(dx) };
}

function expectClose(t: CaseContext, name: string, actual: Value, expected: Value): void {
  const bound = new Float64Array(expected.data.length).fill(TOLERANCE);
  t.expectAccepted(name, actual, expected, { kind: 'within', bound });
}

/** The fault that turns the cases of the op's own record red. */
const faultsOf = (name: string, direction: 'forward' | 'backward'): readonly Fault[] => [
  faultOf(recordOf(name), { direction, variant: 'vec4' }),
];

for (const activation of ACTIVATIONS) {
  const { op, value, slope } = activation;
  activationsSuite
    .case('forward', { activation: [op.name] })
    .covers('triton.compiler.custom-layer-activation/forward')
    .desc('Outputs of an activation after a layer are within 1e-5 of those in float64.')
    .control(`the fault of ${op.name} itself`, faultsOf(op.name, 'forward'))
    .run(async (t) => {
      using layer = new TernaryLayer(t, SIZES);
      const z = layer.expected();
      const { y } = await run(t, layer, activation, z);
      expectClose(t, 'y', y, { ...z, data: z.data.map(value) });
    });

  activationsSuite
    .case('backward', { activation: [op.name] })
    .covers('triton.compiler.custom-layer-activation/backward')
    .desc(
      'The gradient through an activation and the layer before it is within 1e-5 of the one in float64.',
    )
    .control(`the fault of the gradient of ${op.name} itself`, faultsOf(op.name, 'backward'))
    .run(async (t) => {
      using layer = new TernaryLayer(t, SIZES);
      const z = layer.expected();
      const random = t.random(1);
      const dy = { ...z, data: z.data.map(() => Math.fround(random.normal())) };
      const { dx } = await run(t, layer, activation, dy);
      const dz = { ...z, data: z.data.map((x, i) => slope(x) * (dy.data[i] as number)) };
      expectClose(t, 'gradient of x', dx, product(dz, layer.host.weight, false, false));
    });
}

activationsSuite
  .case('signs')
  .covers('triton.compiler.custom-layer-activation/relu-sign')
  .desc('After a layer relu gives no negative output, some that are 0 and some that are positive.')
  .control('what is negative passes', faultsOf('relu', 'forward'))
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const z = layer.expected();
    const { y } = await run(t, layer, ACTIVATIONS[0] as Activation, z);
    const negative = y.data.filter((x) => !(x >= 0)).length;
    t.expect(negative === 0, () => `${negative} outputs are below 0`);
    t.expect(y.data.includes(0), () => 'no output is 0');
    t.expect(
      y.data.some((x) => x > 0),
      () => 'no output is positive',
    );
  });
