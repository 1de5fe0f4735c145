import { Tape } from '../../src/autograd/tape.ts';
import { cast } from '../../src/ops/math/cast.ts';
import { gamma } from '../../src/reference/bounds.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { type Fault, faultsOf } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { disposeAll, forwardPerceptron, inHalves, initialPerceptron, uploaded } from './mlp.ts';

export const halfAccuracy = suite('quant.half-accuracy', {
  description: 'A model in f16 against the same model in f32',
});

const ROWS = 16;
/** Half the distance of neighbours in f16: what rounding may add, relatively and to denormal ones. */
const UNIT = 2 ** -11;
const LEAST = 2 ** -25;

interface Layer {
  readonly hidden: Float64Array;
  readonly logits: Float64Array;
}

/** Hidden layer and logits of the model in f32 and of its copy in f16, on the same inputs. */
async function bothModels(t: CaseContext) {
  const initial = initialPerceptron(t.random());
  const wide = uploaded(t.gpu, initial);
  const random = t.random(1);
  const host = hostTensorFrom(
    'f32',
    [ROWS, 64],
    random.fill(ROWS * 64, () => random.normal()),
  );
  using x = Tensor.from(t.gpu, host);
  const narrow = inHalves(t.gpu, wide);
  using narrowX = cast.forward(t.gpu, { x }, { to: 'float16' }).y;
  using tape = new Tape(t.gpu);
  const layers = async (parameters: ReadonlyMap<string, Tensor>, input: Tensor): Promise<Layer> => {
    const { hidden, logits } = forwardPerceptron(tape, parameters, input);
    for (const { dtype } of [hidden, logits])
      t.expect(dtype === input.dtype, () => `of inputs in ${input.dtype} the layer is ${dtype}`);
    return { hidden: valuesOf(await hidden.read()), logits: valuesOf(await logits.read()) };
  };
  const float = await layers(wide, x);
  const half = await layers(narrow, narrowX);
  t.expect(narrowX.dtype === 'f16', () => `the model in f16 is given ${narrowX.dtype}`);
  t.expect(
    float.logits.some((y, i) => y !== half.logits[i]),
    () => 'the models have the same logits',
  );
  disposeAll(wide);
  disposeAll(narrow);
  return { host: new Map<string, HostTensor>(initial), x: valuesOf(host), float, half };
}

const WORSE: readonly Fault[] = faultsOf((fault) =>
  fault.shader('math/cast', 'return f16_bits(value);', 'return f16_bits(value * 1.04);'),
);

halfAccuracy
  .case('tolerances')
  .covers('triton.quantization.fp32-to-fp16-accuracy/within-rtol-atol')
  .desc('The logits of the model in f16 are those in f32 within 1e-2 + 1e-2 of their size.')
  .control('parameters 4 % larger', WORSE)
  .run(async (t) => {
    const { float, half } = await bothModels(t);
    float.logits.forEach((expected, i) => {
      const error = Math.abs((half.logits[i] as number) - expected);
      t.expect(error <= 1e-2 + 1e-2 * Math.abs(expected), () => `logit ${i} is ${error} off`);
    });
  });

/**
 * How far y = x W^T + b in f16 may be from the same in f32, of inputs that are `errors` off: what
 * each input brings along, a unit for each of x, W and b, the sums of both models, and the rounding
 * of y.
 */
function layerErrors(
  inputs: { readonly values: Float64Array; readonly errors: Float64Array },
  weight: HostTensor,
  bias: HostTensor,
): Float64Array {
  const [out, width] = weight.shape as [number, number];
  const w = valuesOf(weight);
  const b = valuesOf(bias);
  const sums = 2 * gamma(width + 2);
  return Float64Array.from({ length: ROWS * out }, (_, i) => {
    const row = Math.floor(i / out);
    const column = i % out;
    let size = Math.abs(b[column] as number);
    let error = UNIT * size + LEAST;
    for (let k = 0; k < width; k++) {
      const factor = Math.abs(w[column * width + k] as number);
      const value = Math.abs(inputs.values[row * width + k] as number);
      const carried = inputs.errors[row * width + k] as number;
      size += factor * value;
      error += factor * carried + (UNIT * factor + LEAST) * (value + carried);
    }
    return (error + sums * size) * (1 + UNIT) + UNIT * size + LEAST;
  });
}

halfAccuracy
  .case('layer-bounds')
  .covers('triton.quantization.fp32-to-fp16-accuracy/per-layer-bound')
  .desc(
    'Hidden layer and logits in f16 differ from those in f32 by no more than what 2^-11 for every number that is rounded adds up to, layer by layer.',
  )
  .control('parameters 4 % larger', WORSE)
  .run(async (t) => {
    const { host, x, float, half } = await bothModels(t);
    const at = (name: string) => host.get(name) as HostTensor;
    const first = { values: x, errors: x.map((value) => UNIT * Math.abs(value) + LEAST) };
    const hidden = layerErrors(first, at('fc1.weight'), at('fc1.bias'));
    // ReLU moves two numbers no further apart.
    const second = { values: float.hidden.map((y) => Math.max(y, 0)), errors: hidden };
    const logits = layerErrors(second, at('fc2.weight'), at('fc2.bias'));
    for (const [name, bounds] of [
      ['hidden', hidden],
      ['logits', logits],
    ] as const) {
      const shares = bounds.map(
        (bound, i) => Math.abs((half[name][i] as number) - (float[name][i] as number)) / bound,
      );
      const largest = Math.max(...shares);
      t.metric(`${name}-bound-used`, largest);
      t.expect(largest <= 1, () => `${name} is ${largest} of its bound off`);
    }
  });
