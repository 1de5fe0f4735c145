import { Scope } from '../../src/gpu/scope.ts';
import { conv2d } from '../../src/ops/conv/conv2d.ts';
import { record } from '../../src/reference/conv/conv2d.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';
import { completed } from '../../src/vocabulary/signature.ts';
import { ternaryWeightCases } from './ternary-weight-cases.ts';
import { meanSize, quantize, scaleBound, tritsOf } from './ternary-weights.ts';
import { value } from './values.ts';

export const ternaryConvSuite = suite('quant.ternary-conv', {
  description: 'Convolutions with ternary weights',
});

const ROW = 'triton.vision.ternary-conv2d-quantization';
const SHAPE: Shape = [16, 8, 3, 3];

ternaryWeightCases(ternaryConvSuite, ROW, SHAPE);

const PLAIN = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;

/** Convolutions that differ from the first: no two sides alike, so that none stands for another. */
const TABLE = {
  plain: PLAIN,
  stride: { ...PLAIN, stride: [2, 3] },
  padding: { ...PLAIN, padding: [1, 0, 2, 3] },
  dilation: { ...PLAIN, dilation: [2, 3] },
  groups: { ...PLAIN, groups: 4 },
  depthwise: { ...PLAIN, stride: [2, 2], padding: [1, 1, 1, 1], groups: 8 },
} as const;

/** A case's convolution: parameters, inputs and shape of the weight. */
function convolution(t: CaseContext, whole: boolean) {
  const chosen = TABLE[String(t.params['table']) as keyof typeof TABLE];
  const params = completed(conv2d.signature, chosen);
  const random = t.random(1);
  const draw = () => (whole ? random.integer(-9, 9) : Math.fround(random.normal()));
  const of = (shape: Shape, each: () => number): Value => ({
    shape,
    data: random.fill(sizeOf(shape), each),
  });
  const weight = [16, 8 / chosen.groups, 3, 3];
  return {
    params,
    x: of([2, 8, 9, 11], draw),
    weight: of(weight, whole ? () => random.integer(-1, 1) : draw),
  };
}

/** The convolution on the device. */
async function convolve(
  t: CaseContext,
  x: Value,
  weight: Value,
  params: ReturnType<typeof convolution>['params'],
): Promise<Value> {
  using scope = new Scope();
  const upload = ({ shape, data }: Value) =>
    scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, data)));
  const inputs = { x: upload(x), weight: upload(weight) };
  const { y } = scope.addAll(conv2d.forward(t.gpu, inputs, params));
  return value(await y.read());
}

ternaryConvSuite
  .case('output', { table: Object.keys(TABLE) })
  .covers(`${ROW}/output-within-bound`)
  .desc(
    'The output is the convolution with the trits times the mean size of the weights that are kept, within the bounds of that mean and of the sums.',
  )
  .control('the mean size of all weights', (fault) =>
    fault.shader('quant/masked_abs_sum', 'magnitude > threshold', 'magnitude > 0.0 * threshold'),
  )
  .run(async (t) => {
    const { x, weight, params } = convolution(t, false);
    const { dequant, threshold } = await quantize(t, weight);
    const y = await convolve(t, x, dequant, params);
    const trits = { shape: weight.shape, data: tritsOf(weight.data, threshold) };
    const alpha = meanSize(weight.data.filter((_, i) => trits.data[i] !== 0));
    const sums = record.forward({ x, weight: trits }, params).y;
    const inputs = { x, weight: dequant };
    const { y: ofSums } = record.acceptance(
      inputs,
      record.forward(inputs, params),
      params,
      arithmeticOf(t, { op: conv2d.signature, variant: 'register' }),
    );
    if (ofSums?.kind !== 'within') throw new TypeError('the convolution has no bound');
    const off = scaleBound(t, weight);
    const bound = sums.data.map((s, i) => Math.abs(s) * off + (ofSums.bound[i] as number));
    const expected = { shape: sums.shape, data: sums.data.map((s) => s * alpha) };
    t.expectAccepted('y', y, expected, { kind: 'within', bound });
  });

ternaryConvSuite
  .case('integer-output', { table: Object.keys(TABLE) })
  .covers(`${ROW}/output-integer-exact`)
  .desc('Of whole numbers, with a scale of 1, every output is exact.')
  .control('small weights kept, large ones dropped', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) <= limit'),
  )
  .run(async (t) => {
    const { x, weight, params } = convolution(t, true);
    const { trits } = await quantize(t, weight);
    const y = await convolve(t, x, trits, params);
    t.expectEqual('y', y, record.forward({ x, weight }, params).y);
  });
