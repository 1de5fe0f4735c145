import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { gamma } from '../../src/reference/bounds.ts';
import type { Value } from '../../src/reference/record.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { SuiteBuilder } from '../../src/testing/suite.ts';
import { meanSize, quantize, THRESHOLD_FACTOR, tritsOf } from './ternary-weights.ts';
import { normals } from './values.ts';

/** Cases of a threshold and its trits for normal weights of a shape: three clauses of the row. */
export function ternaryWeightCases(
  suite: SuiteBuilder,
  row: 'triton.vision.ternary-conv2d-quantization' | 'triton.vision.ternary-linear-quantization',
  shape: Shape,
): void {
  const drawn = (t: CaseContext): Value => ({ shape, data: valuesOf(normals(t, shape)) });

  suite
    .case('threshold')
    .covers(`${row}/threshold`)
    .desc('The threshold is 0.7 times the mean size of the weights, within 1e-6.')
    .control('the last lane left out', (fault) =>
      fault.shader('quant/mean_of_partials', 'pair < end', 'pair + 1u < end'),
    )
    .run(async (t) => {
      const weight = drawn(t);
      const expected = 0.7 * meanSize(weight.data);
      const { threshold } = await quantize(t, weight);
      t.expect(
        Math.abs(threshold - expected) <= 1e-6,
        () => `the threshold is ${threshold}, and should be ${expected}`,
      );
    });

  suite
    .case('own-threshold')
    .covers(`${row}/trits-own-threshold`)
    .desc('Each trit is the one that the threshold gives which the device found.')
    .control('a threshold a tenth lower', (fault) =>
      fault.shader(
        'quant/ternary_encode',
        'var limit = thresholds_at(4u * out, one)',
        'var limit = 0.9 * thresholds_at(4u * out, one)',
      ),
    )
    .run(async (t) => {
      const weight = drawn(t);
      const { trits, threshold } = await quantize(t, weight);
      t.expectEqual('trits', trits, { shape, data: tritsOf(weight.data, threshold) });
    });

  suite
    .case('trits')
    .covers(`${row}/trits-outside-band`)
    .desc(
      'Each trit is the one of the threshold in float64, but for weights within gamma_c of that threshold.',
    )
    .control('negative trits lose their sign', (fault) =>
      fault.shader(
        'quant/ternary_encode',
        'select(vec4u(1u), vec4u(255u), x < vec4f())',
        'vec4u(1u)',
      ),
    )
    .run(async (t) => {
      const weight = drawn(t);
      const threshold = THRESHOLD_FACTOR * meanSize(weight.data);
      // The sum, and its quotient and product.
      const c = depthOf(Object.values(ternaryQuantize.variants)[0])(weight.data.length) + 4.5;
      const open = Uint8Array.from(weight.data, (w) =>
        Number(Math.abs(Math.abs(w) - threshold) <= gamma(c) * threshold),
      );
      const { trits } = await quantize(t, weight);
      t.expect(
        open.filter((mark) => mark).length < 10,
        () => 'too many weights are at the threshold',
      );
      const expected = { shape, data: tritsOf(weight.data, threshold) };
      t.expectAccepted('trits', trits, expected, { kind: 'exact' }, open);
    });
}
