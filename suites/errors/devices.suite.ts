import { GradproofError } from '../../src/errors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { gpuErrorIn } from '../../src/gpu/gpu-error.ts';
import { add } from '../../src/ops/math/add.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const devices = suite('errors.devices', {
  description: 'A tensor of another device is refused before anything is submitted',
});

/** Adds a tensor of the case's device and one of `other`, on the case's device. */
function addAcross(t: CaseContext, other: Gpu): void {
  using own = Tensor.zeros(t.gpu, [4]);
  using foreign = Tensor.zeros(other, [4]);
  add.forward(t.gpu, { a: own, b: foreign }, {}).y[Symbol.dispose]();
}

devices
  .case('refused-before-submit')
  .covers('triton.errors.device-mismatch/refused-before-submit')
  .desc(
    'An op with a tensor of a second device throws with the names of both, and submits nothing.',
  )
  .control('every device is taken', (fault) => fault.host('ops.check_device', () => () => {}))
  .run(async (t) => {
    using other = await t.gpu.fresh();
    const { submits, dispatches } = t.gpu.recorder;
    let thrown: unknown;
    // In a scope, so that what is not refused ends as a failed expectation.
    await gpuErrorIn(t.gpu.device, 'validation', () => {
      try {
        addAcross(t, other);
      } catch (error) {
        thrown = error;
      }
    });
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'device',
      () => `what is thrown is ${thrown}`,
    );
    const labels = [t.gpu, other].map(({ device }) => device.label);
    t.expect(
      labels[0] !== labels[1] && labels.every((label) => label && String(thrown).includes(label)),
      () => `the devices are ${labels.join(' and ')}, and it is said: ${thrown}`,
    );
    t.gpu.submit();
    t.expect(
      t.gpu.recorder.dispatches === dispatches && t.gpu.recorder.submits === submits,
      () => 'something was dispatched or submitted',
    );
  });

devices
  .case('validation-error')
  .covers('triton.errors.device-mismatch/validation-error-mapped')
  .desc(
    "Without the engine's own check it is WebGPU that refuses the tensor: its error, which the error scope catches, gets the same code.",
  )
  .injects({ host: { seam: 'ops.check_device' } })
  .control('it counts as any other validation error', (fault) =>
    fault.host('gpu.is_of_other_device', () => () => false),
  )
  .run(async (t) => {
    using other = await t.gpu.fresh();
    using injector = t.injector();
    injector.inject({ host: { seam: 'ops.check_device', wrap: () => () => {} } });
    const error = await gpuErrorIn(t.gpu.device, 'validation', async () => {
      addAcross(t, other);
      await t.gpu.finish();
    });
    t.expect(error?.code === 'device', () => `the scope caught ${error?.code}: ${error?.message}`);
  });
