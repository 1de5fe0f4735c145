import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { gpuErrorIn } from '../../src/gpu/gpu-error.ts';
import { add } from '../../src/ops/math/add.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { SimpleLayer } from './simple-layer.ts';

export const devices = suite('errors.devices', {
  description: 'A tensor of another device is refused before anything is submitted',
});

/** Adds a tensor of the case's device and one of `other`, on the case's device. */
function addAcross(t: CaseContext, other: Gpu): void {
  using own = Tensor.zeros(t.gpu, [4]);
  using foreign = Tensor.zeros(other, [4]);
  add.forward(t.gpu, { a: own, b: foreign }, {}).y[Symbol.dispose]();
}

/** Gives a linear layer of the case's device a batch of `other`: the first of what its op takes. */
function layerAcross(t: CaseContext, other: Gpu): void {
  using layer = new SimpleLayer(t);
  using x = Tensor.zeros(other, [4, 64]);
  using tape = new Tape(t.gpu);
  layer.forward(tape, x);
}

devices
  .case('refused-before-submit')
  .covers('triton.errors.device-mismatch/refused-before-submit')
  .desc(
    'A layer and an op with a tensor of a second device throw, say which is the tensor’s and which their own, and submit nothing.',
  )
  .control('every device is taken', (fault) => fault.host('ops.check_device', () => () => {}))
  .run(async (t) => {
    using other = await t.gpu.fresh();
    const [own, foreign] = [t.gpu, other].map(({ device }) => device.label);
    t.expect(Boolean(own && foreign) && own !== foreign, () => `devices are ${own} and ${foreign}`);
    for (const across of [layerAcross, addAcross]) {
      const { submits, dispatches } = t.gpu.recorder;
      let thrown: unknown;
      // In a scope, so that what is not refused ends as a failed expectation.
      await gpuErrorIn(t.gpu.device, 'validation', () => {
        try {
          across(t, other);
        } catch (error) {
          thrown = error;
        }
      });
      t.expect(
        thrown instanceof GradproofError && thrown.code === 'device',
        () => `what is thrown is ${thrown}`,
      );
      t.expect(
        String(thrown).includes(`is of ${foreign},`) && String(thrown).includes(`runs on ${own}:`),
        () => `the devices are ${own} and ${foreign}, and it is said: ${thrown}`,
      );
      t.gpu.submit();
      t.expect(
        t.gpu.recorder.dispatches === dispatches && t.gpu.recorder.submits === submits,
        () => 'something was dispatched or submitted',
      );
    }
  });

devices
  .case('validation-error')
  .covers('triton.errors.device-mismatch/validation-error-mapped')
  .desc(
    "Without the engine's own check it is WebGPU that refuses the tensor: its error, which the error scope catches, gets the same code, and an error of another kind does not.",
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
    const invalid = await gpuErrorIn(t.gpu.device, 'validation', () =>
      // MAP_READ with STORAGE is refused.
      t.gpu.device.createBuffer({ size: 16, usage: 0x01 | 0x80 }),
    );
    t.expect(
      invalid?.code === 'gpu-validation',
      () => `an invalid buffer is ${invalid?.code}: ${invalid?.message}`,
    );
  });
