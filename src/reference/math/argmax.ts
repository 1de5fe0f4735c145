import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { argmax as signature } from '../../vocabulary/math/argmax.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { brokenLargest } from './broken-largest.ts';
import { groupsOf, reduced } from './reduction.ts';

/**
 * Where the largest of the terms is: the first of equal ones, or the last; a NaN is larger than
 * all.
 */
function indexOf(terms: readonly number[], last: boolean): number {
  let best = 0;
  terms.forEach((x, i) => {
    const old = terms[best] as number;
    const isNaNFirst = Number.isNaN(x) && !Number.isNaN(old);
    const isLarger = isNaNFirst || x > old;
    const isEqual = Number.isNaN(x) ? Number.isNaN(old) : x === old;
    if (isLarger || (last && isEqual)) best = i;
  });
  return best;
}

function sample(
  x: Shape,
  params: Partial<ParamsOf<typeof signature>>,
  values?: readonly number[],
  dtype: DType = 'f32',
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: {
      x: formatShape(x),
      ...params,
      ...(values ? { values: 'corners' } : {}),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    ...(dtype === 'f32' ? {} : { integers: true }),
    params,
    // Few values, so that there are ties.
    inputs: (random) => ({
      x: hostTensorFrom(
        dtype,
        x,
        values ?? random.fill(sizeOf(x), () => random.integer(-9, 9) / 4),
      ),
    }),
  };
}

const { NaN: NAN, NEGATIVE_INFINITY: LOW, POSITIVE_INFINITY: HIGH } = Number;
const CORNERS = [
  ...[LOW, LOW, LOW, LOW],
  ...[-1, -0, 0, -0],
  ...[1, NAN, HIGH, NAN],
  ...[-(2 ** -149), -(2 ** -148), -1, -2],
  ...[2 ** -149, 2 ** -148, 0, 2 ** -148],
];

const INTEGERS = [
  ...[16777216, 16777217, 3],
  ...[-16777217, -16777216, -16777216],
  ...[-(2 ** 31), -(2 ** 31), -(2 ** 31)],
  ...[-1, 0, 0],
  ...[2 ** 31 - 2, 2 ** 31 - 1, -(2 ** 31)],
];

/** ONNX's ArgMax. */
export const record = defineRecord(signature, {
  summary: 'y = index of the largest element of x along an axis',
  forward: ({ x }, { axis, keepdims, select_last_index }) => ({
    y: reduced(groupsOf(x.shape, { axes: [axis], keepdims }), x, (terms) =>
      indexOf(terms, select_last_index),
    ),
  }),
  acceptance: () => ({ y: { kind: 'exact' } }),
  samples: [
    sample([5, 4], { axis: 1 }, CORNERS),
    sample([5, 4], { axis: 1, select_last_index: true }, CORNERS),
    sample([16, 16], { axis: -1, keepdims: false }),
    sample([9, 128], {}),
    sample([9, 33], { select_last_index: true }),
    sample([2, 700], { axis: 1 }),
    sample([700, 3], { axis: 0, select_last_index: true, keepdims: false }),
    sample([3, 1204], { axis: 1 }),
    sample([1], {}),
    sample([5, 3], { axis: 1 }, INTEGERS, 'i32'),
    sample([5, 3], { axis: 1, select_last_index: true }, INTEGERS, 'i32'),
    sample([2, 3], { axis: 1 }, [0, 128, 127, 5, 255, 255], 'u8'),
    { ...sample([2, 3], { axis: 1 }, [-128, -128, -127, 5, -1, 127], 'i8'), tier: 'full' },
  ],
  faults: [
    {
      name: 'one too far',
      ...brokenLargest('select(best.indices.x, bits_of', 'select(best.indices.x + 1u, bits_of'),
    },
  ],
  plausibleBugs: [
    {
      name: 'the other axis',
      apply: (inputs, { axis, ...params }) => ({
        inputs,
        params: { ...params, axis: axis === 0 ? 1 : 0 },
      }),
    },
    paramsBug('the last of equal ones', (params) => ({
      ...params,
      select_last_index: !params.select_last_index,
    })),
    inputBug('smallest', 'x', (x) => -x),
  ],
});
