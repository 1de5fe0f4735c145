import type { Application } from '../../src/graph/call.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Tensor as DeviceTensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { type FitResult, fitModel, machineOf } from '../../src/train/fit.ts';
import { expectTensors, float64Training } from './float64.ts';
import { WEIGHT_LIMIT } from './limits.ts';
import { spiralBatches, spiralModel } from './spiral-run.ts';

export const gpuTraining = suite('train.gpu', {
  description:
    'Three epochs of a perceptron on the device: what computed, and what the weights came to',
});

const OPTIMIZER = { optimizer: 'adamw', lr: 0.01 } as const;
const EPOCHS = 3;

async function threeEpochs(
  t: CaseContext,
  watch?: (application: Application<Tensor>) => void,
): Promise<FitResult> {
  using model = spiralModel(t);
  const options = { epochs: EPOCHS, optimizer: OPTIMIZER, watch };
  return await fitModel(t.gpu, model, { train: spiralBatches(t) }, options);
}

gpuTraining
  .case('every-op-dispatched')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gpu-training/every-op-dispatched')
  .desc(
    'Every op of every pass of 12 steps, and every update, dispatches kernels, which are listed; none is computed on the processor, and all that is read back are the losses.',
  )
  .control('an op that the processor computes', (fault) =>
    fault.host('gelu.forward', () => (gpu, { x }: { x: Tensor }) => ({
      y: DeviceTensor.from(gpu, hostTensorFrom('f32', x.shape, new Float32Array(x.size))),
    })),
  )
  .run(async (t) => {
    const { dispatched } = t.gpu.recorder;
    const kernelsOf = new Map<string, ReadonlySet<string>>();
    const elsewhere: string[] = [];
    const taken = (name: string) => {
      if (dispatched.size === 0) elsewhere.push(name);
      kernelsOf.set(name, new Set([...(kernelsOf.get(name) ?? []), ...dispatched]));
      dispatched.clear();
    };
    dispatched.clear();
    let reads = 0;
    const { onRead } = t.gpu;
    t.gpu.onRead = (read) => {
      reads += 1;
      onRead?.(read);
    };
    let result: FitResult;
    try {
      result = await threeEpochs(t, ({ op, layer, grads }) => {
        // The update of the step before ran since then.
        if (layer === 'fc1' && !grads) dispatched.delete('optim/adamw_step');
        taken(`${op.name} of ${layer}${grads ? ' backward' : ''}`);
      });
    } finally {
      t.gpu.onRead = onRead;
    }
    const steps = result.losses.length;
    t.expect(steps === 12, () => `${steps} steps were made`);
    const update = dispatched.has('optim/adamw_step');
    t.expect(update, () => 'the last update did not run on the device');
    for (const kernels of kernelsOf.values()) for (const kernel of kernels) dispatched.add(kernel);
    t.metric('cpuFallbacks', elsewhere.length);
    t.artifact(
      'dispatches.txt',
      new TextEncoder().encode(
        [...kernelsOf].map(([name, kernels]) => `${name}: ${[...kernels].join(' ')}\n`).join(''),
      ),
    );
    t.expect(elsewhere.length === 0, () => `no kernel ran for ${elsewhere[0]}`);
    t.expect(kernelsOf.size === 12, () => `${kernelsOf.size} passes of ops ran, and not 12`);
    t.expect(reads === steps, () => `${reads} times something was read back in ${steps} steps`);
  });

gpuTraining
  .case('weights')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gpu-training/weights-within-1e-3')
  .desc(
    'After three epochs every weight is that of the same run in float64, within 1e-3 of the largest of its tensor.',
  )
  .control('a step of the wrong count', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [hyperparameters, step + 1]),
  )
  .run(async (t) => {
    using model = spiralModel(t);
    const train = spiralBatches(t);
    const batches = Array.from({ length: EPOCHS }, (_, epoch) => [...train.epoch(epoch)]).flat();
    const truth = await float64Training(t.gpu, model, batches, { optimizer: OPTIMIZER });
    const options = { epochs: EPOCHS, optimizer: OPTIMIZER };
    await fitModel(t.gpu, model, { train }, options);
    expectTensors(
      t,
      valuesOfHosts(await model.parameters.read()),
      truth.last.trained,
      WEIGHT_LIMIT,
    );
  });

gpuTraining
  .case('adapter')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.gpu-training/adapter-recorded')
  .desc(
    'The result says which adapter computed, all that is known of it, and marks a run as of a real GPU where the adapter is no stand-in.',
  )
  .control('any adapter taken for a chip', (fault) =>
    fault.host('train.machine_of', (machineOf) => (adapter) => ({
      ...machineOf(adapter),
      mark: 'real-gpu',
    })),
  )
  .run(async (t) => {
    const { adapter } = t.gpu;
    const { machine } = await threeEpochs(t);
    const told = JSON.stringify(machine.adapter);
    t.expect(told === JSON.stringify(adapter), () => `the result says ${told}`);
    const wanted = (isFallback: boolean) => (isFallback ? 'fallback' : 'real-gpu');
    t.expect(machine.mark === wanted(adapter.isFallback), () => `the mark is ${machine.mark}`);
    for (const isFallback of [true, false]) {
      const { mark } = machineOf({ ...adapter, isFallback });
      t.expect(mark === wanted(isFallback), () => `a stand-in (${isFallback}) is marked ${mark}`);
    }
  });
