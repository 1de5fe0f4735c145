import type { Examples } from '../../data/examples.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { TrainingLoop } from '../../train/loop/training-loop.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { drawnTensors } from '../drawn.ts';
import { JUDGED_STEPS } from '../steps/oracle.ts';
import { optimizerOf } from '../steps/recipes.ts';
import { parameterShapes } from '../steps/shapes.ts';
import type { StepWork } from '../work.ts';
import type { EngineSetting, Runnable } from './engine-work.ts';
import { modelOf } from './models/model-of.ts';

/** Prepares training steps as a program makes them: a loop over the same batch. */
export async function prepareStep(
  gpu: Gpu,
  work: StepWork,
  setting: EngineSetting,
): Promise<Runnable> {
  using scope = new Scope();
  gpu.memory.trim();
  const before = gpu.memory.ledger.liveBytes;
  const tensors = drawnTensors(work);
  const names = Object.keys(parameterShapes(work.step));
  const weights = new Map(names.map((name) => [name, tensors[name] as HostTensor]));
  const { labels, ...others } = tensors as Readonly<Record<string, HostTensor>> & {
    readonly labels: HostTensor;
  };
  const inputs = Object.fromEntries(Object.entries(others).filter(([name]) => !weights.has(name)));
  const examples: readonly [Examples] = [{ inputs, labels }];
  const model = scope.add(modelOf(gpu, work.step, weights));
  const optimizer = scope.add(new Optimizer(gpu, model.parameters, optimizerOf(work.step)));
  const isInHalves = work.step.model === 'transformer' && work.step.storage === 'f16';
  const loop = scope.add(
    new TrainingLoop(gpu, {
      model,
      optimizer,
      shift: work.step.model === 'llama-lora',
      source: { next: () => examples, seek: () => {} },
      autocast: isInHalves ? 'float16' : undefined,
    }),
  );
  // Weights and moments are there before a step, and stay; so does the arena of a capture.
  const held = gpu.memory.ledger.liveBytes;
  if (setting === 'captured') await loop.capture();
  const arenaBytes = gpu.memory.ledger.liveBytes - held;
  let stepBytes = 0;
  const owned = scope.move();
  return {
    once: async () => void (await loop.step()),
    results: async () => {
      const losses = new Float32Array(JUDGED_STEPS);
      const rest = gpu.memory.ledger.liveBytes;
      gpu.memory.resetPeak();
      for (let i = 0; i < JUDGED_STEPS; i++) {
        await loop.step();
        losses[i] = await loop.readLoss();
      }
      stepBytes = gpu.memory.ledger.peakBytes - rest;
      return { outputs: { loss: hostTensor('f32', [JUDGED_STEPS], losses) }, gradients: {} };
    },
    metrics: () => ({
      [`${setting}PeakBytes`]: held - before + arenaBytes + stepBytes,
      [`${setting}ActivationBytes`]: arenaBytes + stepBytes,
    }),
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
}
