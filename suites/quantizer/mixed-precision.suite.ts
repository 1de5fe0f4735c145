import { Tape } from '../../src/autograd/tape.ts';
import type { Application } from '../../src/graph/call.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { heldAs } from '../../src/tensor/half.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { initialPerceptron } from '../quant/mlp.ts';
import { type Bounded, expectHalves, known, linear, relu } from '../quant/rounded.ts';
import { drawn, quantizerOf } from './drawn.ts';
import { Perceptron } from './perceptron.ts';

export const mixedPrecision = suite('quantizer.mixed-precision', {
  description:
    'A network whose second layer computes in float16 between two in float32, against one in float64 that rounds where it does',
});

const ROW = 'triton.quantization.mixed-precision-model';
const SIZES = [64, 128, 64, 32];
const ROWS = 5;

/** Of a half and a bias: their sum, which is rounded once. */
function plus(halves: Bounded, bias: HostTensor): Bounded {
  const b = valuesOf(bias);
  const values = halves.values.map((x, i) => x + (b[i % b.length] as number));
  return { values, bounds: values.map((x) => EPS * Math.abs(x)) };
}

/** What a pass gave: the inputs and outputs of the product in float16, and the logits. */
async function passOf(t: CaseContext, host: HostTensor) {
  using model = new Perceptron(t.gpu, t.random(), SIZES);
  const rules = [{ layers: 'fc2', to: { method: 'f16', computeDtype: 'float16' as const } }];
  quantizerOf(t, { method: 'f16' }).quantizeModel(model, { rules, rest: 'keep' });
  using x = Tensor.from(t.gpu, host);
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace });
  const logits = valuesOf(await model.forward(tape, x).read());
  const made = async (op: string, layer: string) => {
    const of = (call: Application<Tensor>) => call.op.name === op && call.layer === layer;
    const call = trace.find(of) as Application<Tensor>;
    const y = await (call.outputs['y'] as Tensor).read();
    t.expect(y.dtype === 'f16', () => `${op} of ${layer} gives ${y.dtype}`);
    return valuesOf(y);
  };
  return { given: await made('cast', 'fc2.x'), product: await made('matmul', 'fc2'), logits };
}

/** The network in float64, rounded to halves where the device rounds. */
async function emulated(t: CaseContext) {
  const host = drawn(t, 1, [ROWS, SIZES[0] as number]);
  const found = await passOf(t, host);
  const values = new Map(initialPerceptron(t.random(), SIZES));
  const value = (name: string) => values.get(name) as HostTensor;
  const w2 = value('fc2.weight');
  const half = { ...w2, data: Float32Array.from(valuesOf(w2), (w) => heldAs('f16', w)) };
  const hidden = relu(linear(known(valuesOf(host)), value('fc1.weight'), value('fc1.bias')));
  return { found, hidden, half, value };
}

mixedPrecision
  .case('casts')
  .covers(`${ROW}/casts-near-tie`)
  .desc(
    'What enters and leaves the product in float16 is the half nearest to the number in float64, but for a neighbour where a tie lies within the bound of that number.',
  )
  .control('halves are cut off', (fault) =>
    fault.shader('math/cast', 'round(bitcast<f32>(size)', 'floor(bitcast<f32>(size)'),
  )
  .run(async (t) => {
    const { found, hidden, half } = await emulated(t);
    const given = expectHalves(t, 'x', hidden, found.given);
    expectHalves(t, 'y', linear(given, half), found.product);
  });

mixedPrecision
  .case('output')
  .covers(`${ROW}/output-within-bound`)
  .desc('From the halves that the second layer gave, logits are within the bound of float32.')
  .control('the last product 1e-4 larger', (fault) =>
    fault.launch('matmul.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      inputs,
      inputs.b.shape[0] === SIZES.at(-1) ? { ...params, alpha: 1.0001 } : params,
      ...rest,
    ]),
  )
  .run(async (t) => {
    const { found, value } = await emulated(t);
    const second = relu(plus(known(found.product), value('fc2.bias')));
    const { values, bounds } = linear(second, value('fc3.weight'), value('fc3.bias'));
    for (const [i, expected] of values.entries()) {
      const off = Math.abs((found.logits[i] as number) - expected);
      t.expect(off <= (bounds[i] as number), () => `logit ${i} is ${off} off, of ${bounds[i]}`);
    }
  });
