import { add } from '../../src/ops/math/add.ts';
import { type DType, isHalf } from '../../src/tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

export const storage = suite('ops.storage', { description: 'Operands that are stored in different formats' });

/** Operands' formats, and the one that torch promotes them to. */
const PROMOTIONS: Readonly<Record<string, readonly [a: DType, b: DType, y: DType]>> = {
  'f16-f32': ['f16', 'f32', 'f32'],
  'f32-bf16': ['f32', 'bf16', 'f32'],
  'f16-bf16': ['f16', 'bf16', 'f32'],
};

storage
  .case('promotion', { of: Object.keys(PROMOTIONS) })
  .desc('Operands of different formats give float32, and each gradient has the format of its operand.')
  .control('halves read as float32', (fault) => fault.host('storage.read', () => () => 0))
  .run(async (t) => {
    const [a, b, promoted] = PROMOTIONS[String(t.params['of'])] as (typeof PROMOTIONS)[string];
    // An f32 operand holds what no half does; integers of the others are exact in both halves.
    const values = (dtype: DType, first: number) => [0, 1, 2, 3, 4].map((i) => first + i + (isHalf(dtype) ? 0 : 2 ** -13));
    const [left, right] = [values(a, 10), values(b, 100)];
    using x = Tensor.from(t.gpu, hostTensorFrom(a, [5], left));
    using y = Tensor.from(t.gpu, hostTensorFrom(b, [5], right));
    using sum = add.forward(t.gpu, { a: x, b: y }, {}).y;
    const context = { inputs: { a: x, b: y }, outputs: { y: sum }, grads: { y: sum }, params: {}, wants: new Set(['a', 'b']) };
    const gradients = add.backward(t.gpu, context) as { readonly a: Tensor; readonly b: Tensor };
    using da = gradients.a;
    using db = gradients.b;
    t.expect(sum.dtype === promoted, () => `the sum of ${a} and ${b} is stored in ${sum.dtype}`);
    t.expect(da.dtype === a && db.dtype === b, () => `gradients of ${a} and ${b} are stored in ${da.dtype} and ${db.dtype}`);
    const expected = left.map((value, i) => value + (right[i] as number));
    t.expectEqual('sum', { shape: [5], data: valuesOf(await sum.read()) }, { shape: [5], data: Float64Array.from(expected) });
  });
