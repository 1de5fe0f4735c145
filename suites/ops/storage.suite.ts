import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { add } from '../../src/ops/math/add.ts';
import { transpose } from '../../src/ops/shape/transpose.ts';
import { chooseVariant } from '../../src/ops/variants.ts';
import { type DType, isHalf } from '../../src/tensor/dtype.ts';
import { filledTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { readHalvesAsFloat32 } from '../../src/testing/derive-halves.ts';
import type { Half } from '../../src/testing/half-sample.ts';
import { judgeResults } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';

export const storage = suite('ops.storage', {
  description: 'Operands that are stored in different formats',
});

/** Dimensions and their order; of some both halves of a word stay in one. */
const ORDERS: Readonly<
  Record<string, { readonly shape: Shape; readonly perm: readonly number[] }>
> = {
  heads: { shape: [2, 3, 5, 4], perm: [0, 2, 1, 3] },
  'odd-rows': { shape: [3, 4, 7], perm: [1, 0, 2] },
  columns: { shape: [3, 4, 6], perm: [0, 2, 1] },
  'one-word': { shape: [2], perm: [0] },
};

storage
  .case('permuted', { of: Object.keys(ORDERS), storage: ['f16', 'bf16'] })
  .tier('full')
  .desc(
    'Halves of dimensions in another order are those that were there, whether words can be copied or not, and so are gradients.',
  )
  .control('the next element', (fault) =>
    fault.shader('shape/copy', 'vec2u(dims.x_start,', 'vec2u(dims.x_start + 1u,'),
  )
  .run(async (t) => {
    const { shape, perm } = ORDERS[String(t.params['of'])] as (typeof ORDERS)[string];
    const dtype = t.params['storage'] as Half;
    const random = t.random();
    const drawn = (of: Shape) => filledTensor(dtype, of, () => random.integer(1, 99));
    const inputs = { x: drawn(shape) };
    const grads = { y: drawn(perm.map((d) => shape[d] as number)) };
    const variant = chooseVariant(t.gpu, transpose, inputs);
    const call = { op: transpose.signature, params: { perm }, inputs, grads, variant };
    t.gpu.memory.guarded = true;
    const results = await new WebGpuBackend(t.gpu).run({ ...call, wants: ['x'] });
    judgeResults(t, { ...call, level: 'exact' }, results);
    const stored = [results.outputs['y']?.dtype, results.gradients['x']?.dtype];
    t.expect(
      stored.every((one) => one === dtype),
      () => `stored in ${stored.join(' and ')}`,
    );
  });

/** Operands' formats, and the one that torch promotes them to. */
const PROMOTIONS: Readonly<Record<string, readonly [a: DType, b: DType, y: DType]>> = {
  'f16-f32': ['f16', 'f32', 'f32'],
  'f32-bf16': ['f32', 'bf16', 'f32'],
  'f16-bf16': ['f16', 'bf16', 'f32'],
};

storage
  .case('promotion', { of: Object.keys(PROMOTIONS) })
  .desc(
    'Operands of different formats give float32, and each gradient has the format of its operand.',
  )
  .control('halves read as float32', readHalvesAsFloat32)
  .run(async (t) => {
    const [a, b, promoted] = PROMOTIONS[String(t.params['of'])] as (typeof PROMOTIONS)[string];
    // An f32 operand holds what no half does; integers of the others are exact in both halves.
    const values = (dtype: DType, first: number) =>
      [0, 1, 2, 3, 4].map((i) => first + i + (isHalf(dtype) ? 0 : 2 ** -13));
    const left = values(a, 10);
    const right = values(b, 100);
    using x = Tensor.from(t.gpu, hostTensorFrom(a, [5], left));
    using y = Tensor.from(t.gpu, hostTensorFrom(b, [5], right));
    using sum = add.forward(t.gpu, { a: x, b: y }, {}).y;
    const context = {
      inputs: { a: x, b: y },
      outputs: { y: sum },
      grads: { y: sum },
      params: {},
      wants: new Set(['a', 'b']),
    };
    const gradients = add.backward(t.gpu, context) as { readonly a: Tensor; readonly b: Tensor };
    using da = gradients.a;
    using db = gradients.b;
    t.expect(sum.dtype === promoted, () => `the sum of ${a} and ${b} is stored in ${sum.dtype}`);
    t.expect(
      da.dtype === a && db.dtype === b,
      () => `gradients of ${a} and ${b} are stored in ${da.dtype} and ${db.dtype}`,
    );
    const expected = left.map((value, i) => value + (right[i] as number));
    t.expectEqual(
      'sum',
      { shape: [5], data: valuesOf(await sum.read()) },
      { shape: [5], data: Float64Array.from(expected) },
    );
  });

/** Faults of the kernel that stores what is beyond the range of float16, by the case of each. */
const BEYOND_RANGE = {
  'overflow-size': {
    fault: '32768 stored for all that is larger',
    from: 'min(magnitude, 0x47800000u)',
    to: 'min(magnitude, 0x47000000u)',
  },
  'overflow-sign': {
    fault: 'the sign of infinity dropped',
    from: '((bits >> 16u) & 0x8000u) | select(half',
    to: 'select((bits >> 16u) & 0x8000u, 0u, magnitude > 0x477fe000u) | select(half',
  },
} as const;

for (const [name, { fault, from, to }] of Object.entries(BEYOND_RANGE)) {
  storage
    .case(name)
    .desc('Sums beyond the range of float16 are stored as its largest number or infinity, signed.')
    .control(fault, (injector) => injector.shader('math/cast', from, to))
    .run(async (t) => {
      const inputs = {
        a: hostTensorFrom('f16', [5], [60_000, -60_000, 65_504, -65_504, 65_504]),
        b: hostTensorFrom('f16', [5], [10_000, -10_000, 65_504, -65_504, 1]),
      };
      const variant = chooseVariant(t.gpu, add, inputs);
      const call = { op: add.signature, params: {}, inputs, variant };
      const results = await new WebGpuBackend(t.gpu).run(call);
      judgeResults(t, { ...call, level: 'legal' }, results);
    });
}
