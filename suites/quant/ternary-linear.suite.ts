import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Application } from '../../src/graph/call.ts';
import { ternaryLinear } from '../../src/models/ternary-linear.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { ternaryMatmul } from '../../src/ops/quant/ternary_matmul.ts';
import { record as dense } from '../../src/reference/matmul/matmul.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { record as multiplied } from '../../src/reference/quant/ternary_matmul.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { completed } from '../../src/vocabulary/signature.ts';
import { lastTermsLeftOut } from '../matmul/every-tile.ts';
import { ternaryWeightCases } from './ternary-weight-cases.ts';
import { meanSize, quantize, scaleBound, tritsOf } from './ternary-weights.ts';
import { normals, value } from './values.ts';

export const ternaryLinearSuite = suite('quant.ternary-linear', {
  description: 'The classifier of a ResNet18, [512 -> 10], with ternary weights',
});

const OUT = 10;
const IN = 512;
const ROWS = 8;
const SHAPE = [OUT, IN];

const ROW = 'triton.vision.ternary-linear-quantization';

/** y of packed trits on the device, with a scale. */
async function multiply(t: CaseContext, x: Value, packed: Value, scale: number): Promise<Value> {
  using scope = new Scope();
  const upload = (dtype: 'f32' | 'u8', { shape, data }: Value) =>
    scope.add(Tensor.from(t.gpu, hostTensorFrom(dtype, shape, data)));
  const inputs = {
    x: upload('f32', x),
    packed: upload('u8', packed),
    scale: upload('f32', { shape: [1], data: Float64Array.of(scale) }),
  };
  const { y } = scope.addAll(ternaryMatmul.forward(t.gpu, inputs, { out_features: OUT }));
  return value(await y.read());
}

/** y of the layer that quantizes these weights itself, and the variant of its product. */
async function throughLayer(t: CaseContext, x: Value, weights: Float64Array) {
  using scope = new Scope();
  const upload = ({ shape, data }: Value) =>
    scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, data)));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace });
  const weight = upload({ shape: SHAPE, data: weights });
  const { y } = ternaryLinear(tape, 'fc', upload(x), { weight });
  const variant = trace.find(({ op }) => op.name === matmul.name)?.variant ?? '';
  return { y: value(await y.read()), variant };
}

const variantOf = (op: { readonly variants: object }) => Object.keys(op.variants)[0] as string;

ternaryWeightCases(ternaryLinearSuite, ROW, SHAPE);

ternaryLinearSuite
  .case('output')
  .covers(`${ROW}/output-within-bound`)
  .desc(
    'The output is x T^T times the mean size of the weights that are kept, of packed trits and of the layer, within the bounds of that mean and of the product.',
  )
  .control('the mean size of all weights', (fault) =>
    fault.shader('quant/masked_abs_sum', 'magnitude > threshold', 'magnitude > 0.0 * threshold'),
  )
  .run(async (t) => {
    const weights = valuesOf(normals(t, SHAPE));
    const { packed, dequant, threshold, scale } = await quantize(t, {
      shape: SHAPE,
      data: weights,
    });
    const random = t.random(1);
    const x = {
      shape: [ROWS, IN],
      data: random.fill(ROWS * IN, () => Math.fround(random.normal())),
    };
    const y = await multiply(t, x, packed, scale);
    // Of the trits that the device has: those in the band are judged by themselves.
    const trits = { shape: SHAPE, data: tritsOf(weights, threshold) };
    const kept = weights.filter((_, i) => trits.data[i] !== 0);
    const alpha = meanSize(kept);
    const inputs = { x, packed, scale: { shape: [1], data: Float64Array.of(scale) } };
    const ofPacked = multiplied.acceptance(
      inputs,
      multiplied.forward(inputs, { out_features: OUT }),
      { out_features: OUT },
      arithmeticOf(t, { op: ternaryMatmul.signature, variant: variantOf(ternaryMatmul) }),
    );
    const scaleError = scaleBound(t, { shape: SHAPE, data: weights });
    const sums = product(x, trits, false, true);
    const expected = { shape: [ROWS, OUT], data: sums.data.map((s) => s * alpha) };
    const expectWithin = (what: string, actual: Value, ofProduct: Acceptance | undefined) => {
      if (ofProduct?.kind !== 'within') throw new TypeError(`the product of ${what} has no bound`);
      const bound = sums.data.map(
        (s, i) => Math.abs(s) * scaleError + (ofProduct.bound[i] as number),
      );
      t.expectAccepted(what, actual, expected, { kind: 'within', bound });
    };
    expectWithin('y', y, ofPacked.y);
    const layer = await throughLayer(t, x, weights);
    const operands = { a: x, b: dequant };
    const params = completed(matmul.signature, { transpose_b: true });
    const ofLayer = dense.acceptance(
      operands,
      dense.forward(operands, params),
      params,
      arithmeticOf(t, { op: matmul.signature, variant: layer.variant }),
    );
    expectWithin('y of the layer', layer.y, ofLayer.y);
  });

ternaryLinearSuite
  .case('integer-output')
  .covers(`${ROW}/output-integer-exact`)
  .desc('Of whole numbers, with a scale of 1, every output is exact.')
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    const random = t.random();
    const weights = random.fill(OUT * IN, () => random.integer(-1, 1));
    const { packed } = await quantize(t, { shape: SHAPE, data: weights });
    const x = {
      shape: [ROWS, IN],
      data: random.fill(ROWS * IN, () => random.integer(-9, 9)),
    };
    const y = await multiply(t, x, packed, 1);
    t.expectEqual('y', y, product(x, { shape: SHAPE, data: weights }, false, true));
  });

ternaryLinearSuite
  .case('latent-gradient')
  .covers(`${ROW}/latent-gradient`, 'triton.compiler.custom-layer-backward/latent-weight-gradient')
  .desc('The float weights behind the trits have the gradient dy^T x, exactly for whole numbers.')
  .control('the operands of the gradient exchanged for themselves', (fault) =>
    fault.launch('matmul.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, grads: { y: context.outputs.y } },
      variant,
    ]),
  )
  .run(async (t) => {
    using scope = new Scope();
    const random = t.random(1);
    const whole = (shape: readonly number[]): Value => ({
      shape,
      data: random.fill(
        shape.reduce((size, n) => size * n, 1),
        () => random.integer(-5, 5),
      ),
    });
    const host = { x: whole([ROWS, IN]), dy: whole([ROWS, OUT]) };
    const upload = ({ shape, data }: Value) =>
      scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, data)));
    const weight = scope.add(Tensor.from(t.gpu, normals(t, SHAPE)));
    using tape = new Tape(t.gpu, [weight]);
    const { y } = ternaryLinear(tape, 'fc', upload(host.x), { weight });
    const gradient = tape.backward(y, upload(host.dy)).get(weight);
    t.expect(gradient !== undefined, () => 'the float weights have no gradient');
    t.expectEqual(
      'gradient of the float weights',
      value(await (gradient as Tensor).read()),
      product(host.dy, host.x, true, false),
    );
  });

ternaryLinearSuite
  .case('requantized')
  .covers(`${ROW}/requantized-crossings`)
  .desc(
    'After a step of SGD, which moves the threshold too, exactly those trits change whose float weight is now on another side of it, and the weights that the layer uses have the signs of the trits.',
  )
  .control('a threshold a tenth lower', (fault) =>
    fault.shader(
      'quant/ternary_encode',
      'var limit = thresholds_at(4u * out, one)',
      'var limit = 0.9 * thresholds_at(4u * out, one)',
    ),
  )
  .run(async (t) => {
    using parameters = new FlatParameters(t.gpu, new Map([['w', normals(t, SHAPE)]]));
    using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'sgd', lr: 0.1 });
    const random = t.random(1);
    const drawn = random.fill(OUT * IN, () => random.normal());
    using gradient = Tensor.from(t.gpu, hostTensorFrom('f32', SHAPE, drawn));
    const now = async () => {
      using tape = new Tape(t.gpu);
      using x = Tensor.zeros(t.gpu, [1, IN]);
      const weight = parameters.view('w');
      const { trits, threshold, used } = ternaryLinear(tape, 'fc', x, { weight });
      return {
        signs: valuesOf(await used.read()).map(Math.sign),
        trits: valuesOf(await trits.read()),
        threshold: (await threshold.read()).data[0] as number,
        weights: valuesOf(await weight.read()),
      };
    };
    const before = await now();
    optimizer.advance();
    optimizer.update(new Map([[parameters.view('w'), gradient]]));
    const after = await now();
    const side = ({ weights, threshold }: typeof before, i: number) => {
      const w = weights[i] as number;
      return w > threshold ? 1 : w < -threshold ? -1 : 0;
    };
    t.expect(after.threshold !== before.threshold, () => 'the threshold is that of the start');
    t.expectEqual(
      'signs of the weights that are used',
      { shape: SHAPE, data: after.signs },
      { shape: SHAPE, data: after.trits },
    );
    const changed = after.trits.map((trit, i) => Number(trit !== before.trits[i]));
    const crossed = after.weights.map((_, i) => Number(side(before, i) !== side(after, i)));
    const count = crossed.reduce((sum, mark) => sum + mark, 0);
    t.metric('crossed', count);
    t.expect(count > 0 && count < (OUT * IN) / 2, () => `${count} weights crossed the threshold`);
    t.expectEqual(
      'changed trits',
      { shape: SHAPE, data: changed },
      { shape: SHAPE, data: crossed },
    );
  });
