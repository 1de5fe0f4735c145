import type { OpRecord } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { seam } from '../../src/seam.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { FailedCall } from '../../src/testing/failed-call.ts';
import { forwardFault } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { wrongPart } from '../../src/testing/wrong-part.ts';
import { loraLinear } from '../../src/vocabulary/lora/lora_linear.ts';

export const parts = suite('replay.parts', {
  description:
    'An op that is made of others is replayed part by part: which of them is wrong, and what it should give',
});

const f32 = (shape: Shape, ...values: readonly number[]) => hostTensorFrom('f32', shape, values);

/** Breaks products in every variant. */
const brokenProduct = forwardFault(records.get('matmul') as OpRecord).faults;

/**
 * The rows of the merged weight have the lengths 4 and 2: DoRA multiplies columns by 8 / 4 and 6 /
 * 2.
 */
const failedCallOf = seam(
  'parts.failed_call',
  (): FailedCall => ({
    op: loraLinear,
    variant: 'register',
    params: { r: 1, alpha: 1, use_dora: true },
    inputs: {
      x: f32([1, 1], 1),
      weight: f32([2, 1], 3, 1),
      lora_A: f32([1, 1], 1),
      lora_B: f32([2, 1], 1, 1),
      magnitude: f32([2], 8, 6),
    },
    grads: { y: f32([1, 2], 5, 1) },
    name: 'lora_A',
    level: 'legal',
  }),
);

parts
  .case('dora-gradient')
  .desc(
    'Products are broken: the first one of the way back takes the gradient behind the rescaling, 5 * 2 + 1 * 3, and not 5 + 1.',
  )
  .control('an adapter without magnitudes', (fault) =>
    fault.host('parts.failed_call', (original) => () => {
      const { inputs, ...rest } = original() as FailedCall;
      const { magnitude: _, ...others } = inputs;
      return { ...rest, inputs: others, params: { r: 1, alpha: 1 } };
    }),
  )
  .injects(...brokenProduct)
  .run(async (t) => {
    using injector = t.injector();
    injector.inject(...brokenProduct);
    const part = await wrongPart(t.gpu, failedCallOf(), t.ieee);
    t.expect(
      /^its part matmul \(register\) is wrong: .* should be 13$/.test(part ?? ''),
      () => `"${part}" is said of the parts`,
    );
  });
