import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { ternaryMatmul } from '../../src/ops/quant/ternary_matmul.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { product, productBound } from '../../src/reference/matmul/product.ts';
import type { Depth, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { lastTermsLeftOut } from '../matmul/every-tile.ts';
import { TernaryLayer, type TernarySizes } from './ternary-layer.ts';

export const ternaryLayerSuite = suite('nn.ternary-layer', {
  description: 'A layer of packed trits with a scale and a bias, forward and backward',
});

const ROWS = 4;
const SIZES: TernarySizes = { rows: ROWS, inFeatures: 64, outFeatures: 128 };
const IN_AND_OUT = [
  '32x64',
  '64x128',
  '128x256',
  '256x512',
  '1x1',
  '7x13',
  '65x129',
  '1023x5',
] as const;

/** Additions of a sum. */
const depth: Depth = depthOf(Object.values(ternaryMatmul.variants)[0]);

async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}

async function forward(t: CaseContext, layer: TernaryLayer): Promise<Value> {
  using tape = new Tape(t.gpu);
  return await download(layer.forward(tape));
}

/** The gradient of the inputs for one of the outputs. */
async function backward(t: CaseContext, layer: TernaryLayer, dy: Value): Promise<Value> {
  using scope = new Scope();
  using tape = new Tape(t.gpu, [layer.x]);
  const seed = scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', dy.shape, dy.data)));
  return await download(tape.backward(layer.forward(tape), seed).get(layer.x) as Tensor);
}

/** Asserts the outputs, with the bound of the product and of the addition of the bias. */
async function expectWithin(t: CaseContext, layer: TernaryLayer): Promise<void> {
  const y = await forward(t, layer);
  const expected = layer.expected();
  const { bound } = productBound(layer.host.x, layer.host.weight, false, true, depth);
  t.expectAccepted('y', y, expected, {
    kind: 'within',
    bound: bound.map((b, i) => b + EPS * (Math.abs(expected.data[i] as number) + b)),
  });
}

/**
 * What a layer of these sizes is given: [in, out] as the case has them, and a row more than a tile
 * of the kernel has.
 */
function sizesOf(t: CaseContext): TernarySizes {
  const [inFeatures = 0, outFeatures = 0] = String(t.params['layer']).split('x').map(Number);
  return { rows: ROWS + 1, inFeatures, outFeatures };
}

ternaryLayerSuite
  .case('shape')
  .covers('triton.compiler.custom-layer-forward/output-shape')
  .desc('Inputs [4, 64] become outputs [4, 128], not themselves.')
  .control('half of the rows', (fault) =>
    fault.launch('ternary_matmul.forward', ([gpu, { x, ...weight }, ...rest]) => [
      gpu,
      { x: x.view([x.shape[0] / 2, x.shape[1]]), ...weight },
      ...rest,
    ]),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    using tape = new Tape(t.gpu);
    const { shape } = layer.forward(tape);
    t.expect(shape.join() === '4,128', () => `the outputs are [${shape.join(', ')}]`);
  });

ternaryLayerSuite
  .case('whole-numbers')
  .covers('triton.compiler.custom-layer-forward/integer-exact')
  .desc('Of whole numbers all outputs of a layer of 64 inputs and 128 outputs are exact.')
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, { ...SIZES, whole: true });
    t.expectEqual('y', await forward(t, layer), layer.expected());
  });

ternaryLayerSuite
  .case('floats')
  .covers('triton.compiler.custom-layer-forward/float-within-bound')
  .desc('Of floats all outputs of such a layer are within their bound.')
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    await expectWithin(t, layer);
  });

ternaryLayerSuite
  .case('sizes-whole-numbers', { layer: IN_AND_OUT })
  .covers('triton.compiler.custom-layer-various-sizes/integer-exact')
  .desc(
    'Of whole numbers all outputs of layers of eight sizes are exact, at the edges of tiles too.',
  )
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, { ...sizesOf(t), whole: true });
    t.expectEqual('y', await forward(t, layer), layer.expected());
  });

ternaryLayerSuite
  .case('sizes-floats', { layer: IN_AND_OUT })
  .covers('triton.compiler.custom-layer-various-sizes/float-within-bound')
  .desc('Of floats all outputs of layers of eight sizes are within their bound.')
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, sizesOf(t));
    await expectWithin(t, layer);
  });

/** A gradient of the outputs. */
function drawnGradient(t: CaseContext, whole: boolean): Value {
  const random = t.random(1);
  const { rows, outFeatures } = SIZES;
  const draw = () => (whole ? random.integer(-9, 9) : Math.fround(random.normal()));
  return { shape: [rows, outFeatures], data: random.fill(rows * outFeatures, draw) };
}

ternaryLayerSuite
  .case('gradient-whole-numbers')
  .covers('triton.compiler.custom-layer-backward/dx-integer-exact')
  .desc('Of whole numbers the gradient of the inputs, dy W, is exact.')
  .control('the last outputs left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, { ...SIZES, whole: true });
    const dy = drawnGradient(t, true);
    const expected = product(dy, layer.host.weight, false, false);
    t.expectEqual('gradient of x', await backward(t, layer, dy), expected);
  });

ternaryLayerSuite
  .case('gradient-floats')
  .covers('triton.compiler.custom-layer-backward/dx-within-bound')
  .desc('Of floats the gradient of the inputs is within its bound.')
  .control('the last outputs left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const dy = drawnGradient(t, false);
    const { weight } = layer.host;
    t.expectAccepted(
      'gradient of x',
      await backward(t, layer, dy),
      product(dy, weight, false, false),
      productBound(dy, weight, false, false, depth),
    );
  });

/** Differences of a linear function have no error but that of rounding in float64. */
const STEP = 1;

ternaryLayerSuite
  .case('gradient-differences')
  .covers('triton.compiler.custom-layer-backward/dx-finite-differences')
  .desc(
    'The gradient of each input is the central difference, in float64, of the sum of dy y, within its bound.',
  )
  .control('the last outputs left out', lastTermsLeftOut)
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const dy = drawnGradient(t, false);
    const { x, weight } = layer.host;
    const { rows, inFeatures, outFeatures } = SIZES;
    // Rows do not depend on each other: an input of each is moved at a time.
    const moved = (input: number, by: number) =>
      product(
        { ...x, data: x.data.map((value, i) => (i % inFeatures === input ? value + by : value)) },
        weight,
        false,
        true,
      ).data;
    const slopes = new Float64Array(rows * inFeatures);
    for (let input = 0; input < inFeatures; input++) {
      const [above, below] = [moved(input, STEP), moved(input, -STEP)];
      for (let i = 0; i < rows * outFeatures; i++) {
        const at = Math.floor(i / outFeatures) * inFeatures + input;
        const slope = ((above[i] as number) - (below[i] as number)) / (2 * STEP);
        slopes[at] = (slopes[at] as number) + (dy.data[i] as number) * slope;
      }
    }
    const { bound } = productBound(dy, weight, false, false, depth);
    t.expectAccepted(
      'gradient of x',
      await backward(t, layer, dy),
      { shape: x.shape, data: slopes },
      { kind: 'within', bound },
    );
  });
