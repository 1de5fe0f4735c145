import { violationsOf } from '../../src/ops/bits/finite-inputs.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { AssertionError, type CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const validateOutput = suite('utilities.validate-output', {
  description: 'Outputs are held against a shape and a range, on the device',
});

validateOutput
  .case('shape')
  .covers('triton.utilities.validate-output-shape/shape-error')
  .desc('A shape that is not the expected one is refused with both; the expected one is taken.')
  .control('any shape is taken', (fault) => fault.host('case.same_shape', () => () => true))
  .run(async (t) => {
    const thrownBy = (actual: readonly number[], expected: readonly number[]) => {
      const zeros = (shape: readonly number[]) => ({ shape, data: new Float64Array(12) });
      const inner = t.withParams({});
      try {
        inner.expectEqual('y', zeros(actual), zeros(expected));
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const nothing = thrownBy([3, 4], [3, 4]);
    t.expect(nothing === undefined, () => `the expected shape throws ${nothing}`);
    for (const [actual, expected] of [
      [
        [4, 3],
        [3, 4],
      ],
      [[12], [3, 4]],
      [
        [3, 4],
        [3, 4, 1],
      ],
      [
        [3, 4, 1],
        [3, 4],
      ],
    ] as const) {
      const thrown = thrownBy(actual, expected);
      t.expect(
        thrown instanceof AssertionError && thrown.code === 'wrong-shape',
        () => `what is thrown is ${thrown}`,
      );
      const said = `has shape ${actual.join('x')} and should have ${expected.join('x')}`;
      t.expect(String(thrown).includes(said), () => `it is said: ${thrown}`);
    }
  });

/** [40, 50] of numbers from -1 to 1, with others put at flat places. */
function withOutliers(t: CaseContext, outliers: Readonly<Record<number, number>>): Tensor {
  const random = t.random(1);
  const data = random.fill(2000, () => random.uniform(-1, 1));
  for (const [at, value] of Object.entries(outliers)) data[Number(at)] = value;
  return Tensor.from(t.gpu, hostTensorFrom('f32', [40, 50], data));
}

validateOutput
  .case('counted')
  .covers('triton.utilities.validate-output-shape/range-violations')
  .desc(
    'Of 2,000 numbers five lie outside of [-1, 2]: the device counts five, and the ends are inside.',
  )
  .control('the upper end is not looked at', (fault) =>
    fault.shader('bits/range_violations', ' || at > range.high', ''),
  )
  .run(async (t) => {
    const range = { low: -1, high: 2 };
    const outliers = { 3: 2.5, 77: -1.25, 400: 2 + 2 ** -22, 1234: 9, 1999: -2 };
    using x = withOutliers(t, { ...outliers, 500: 2, 501: -1 });
    const { count } = await violationsOf(x, range);
    t.expect(count === 5, () => `${count} violations are counted`);
    using clean = withOutliers(t, {});
    const none = await violationsOf(clean, range);
    t.expect(none.count === 0, () => `${none.count} violations are counted where there is none`);
  });

validateOutput
  .case('first')
  .covers('triton.utilities.validate-output-shape/first-index')
  .desc('The first of several violations is told by its index; where there is none, none is told.')
  .control('the last one is told', (fault) =>
    fault.shader(
      'bits/range_violations',
      'atomicMin(&found[1], i)',
      'atomicStore(&found[1], range.count - 1u)',
    ),
  )
  .run(async (t) => {
    using x = withOutliers(t, { 777: 3, 1500: -3, 1999: 4 });
    const { first } = await violationsOf(x, { low: -1, high: 1 });
    t.expect(String(first) === '15,27', () => `the first is told to be at ${first}`);
    using clean = withOutliers(t, {});
    const none = (await violationsOf(clean, { low: -1, high: 1 })).first;
    t.expect(none === undefined, () => `a violation is told at ${none}`);
  });

validateOutput
  .case('nan')
  .covers('triton.utilities.validate-output-shape/nan-is-violation')
  .desc('NaN is a violation of every range, of the widest and of those without ends too.')
  .control('bits of NaN not looked at', (fault) =>
    fault.shader(
      'bits/range_violations',
      '(x[i] & EXPONENT) == EXPONENT || at < range.low || at > range.high',
      'at < range.low || (at > range.high && (x[i] & EXPONENT) != EXPONENT)',
    ),
  )
  .run(async (t) => {
    using x = withOutliers(t, { 10: Number.NaN, 11: -Number.NaN });
    for (const range of [
      { low: -1, high: 1 },
      { low: -1e38, high: 1e38 },
      { low: -1 },
      { high: 1 },
      {},
    ]) {
      const { count, first } = await violationsOf(x, range);
      t.expect(
        count === 2 && String(first) === '0,10',
        () => `${count} violations are told, the first at ${first}`,
      );
    }
  });
