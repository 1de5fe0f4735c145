import { RandomState } from '../../autograd/random-state.ts';
import { Tape } from '../../autograd/tape.ts';
import type { Examples } from '../../data/examples.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { type LoopOptions, TrainingLoop } from '../../train/loop/training-loop.ts';
import { lossOf, uploadExamples } from '../../train/loss.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { drawnTensors } from '../drawn.ts';
import { judgedStepsOf } from '../steps/oracle.ts';
import { optimizerOf } from '../steps/recipes.ts';
import { parameterShapes } from '../steps/shapes.ts';
import type { StepWork } from '../work.ts';
import { checkRun, type Learned } from './check-run.ts';
import type { EngineSetting, Runnable } from './engine-work.ts';
import { LoopCheckpoint } from './loop-checkpoint.ts';
import { modelOf } from './models/model-of.ts';
import { predictedStepMs } from './predicted-step.ts';

/** Nothing is drawn, but a step with random numbers is one of training, as batch norms ask. */
const SEED = 0;

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
  const shift = work.step.model === 'llama-lora';
  const autocast = isInHalves ? 'float16' : undefined;
  const source = { next: () => examples, seek: () => {} };
  const loop = scope.add(
    new TrainingLoop(gpu, { model, optimizer, seed: SEED, shift, source, autocast }),
  );
  // Weights and moments are there before a step, and stay; so does the arena of a capture.
  const held = gpu.memory.ledger.liveBytes;
  if (setting === 'captured') await loop.capture();
  const arenaBytes = gpu.memory.ledger.liveBytes - held;
  let stepBytes = 0;
  let activationBytes = 0;
  let predictedMs: number | undefined;
  let learned: Learned | undefined;
  const checkpoint = new LoopCheckpoint(loop);
  const { timed = 'step' } = work;
  const once = {
    step: async () => void (await loop.step()),
    checkpoint: () => checkpoint.make(),
    resume: () => checkpoint.resume(),
  };
  const peakBytes = () => held - before + arenaBytes + stepBytes;
  const owned = scope.move();
  return {
    once: once[timed],
    results: async () => {
      const losses = new Float32Array(judgedStepsOf(work));
      const rest = gpu.memory.ledger.liveBytes;
      gpu.memory.resetPeak();
      for (let i = 0; i < losses.length; i++) {
        await loop.step();
        losses[i] = await loop.readLoss();
        if (timed === 'step') continue;
        await checkpoint.make();
        await checkpoint.resume();
      }
      // The losses of both settings are the same, and one whole run takes long.
      const run = setting === 'eager' ? work.run : undefined;
      for (let i = losses.length; i < (run?.steps ?? 0); i++) await loop.step();
      stepBytes = gpu.memory.ledger.peakBytes - rest;
      if (run) learned = { firstLoss: losses[0] as number, lastLoss: await loop.readLoss() };
      if (work.run) checkRun(work.run, peakBytes(), learned);
      activationBytes = bytesAfterForward(gpu, { model, shift, autocast }, examples[0]);
      if (timed === 'step' && work.step.model === 'llama-lora')
        predictedMs = await predictedStepMs(gpu, work.step);
      return { outputs: { loss: hostTensor('f32', [losses.length], losses) }, gradients: {} };
    },
    metrics: () => ({
      [`${setting}PeakBytes`]: peakBytes(),
      [`${setting}StepBytes`]: arenaBytes + stepBytes,
      activationBytes,
      ...(predictedMs === undefined ? {} : { predictedMs }),
      ...learned,
      ...(timed === 'step' ? {} : { checkpointBytes: checkpoint.bytes }),
    }),
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
}

/** Bytes that a forward pass leaves for the backward pass, beside weights and inputs. */
function bytesAfterForward(
  gpu: Gpu,
  { model, shift, autocast }: Pick<LoopOptions, 'model' | 'shift' | 'autocast'>,
  examples: Examples,
): number {
  using scope = new Scope();
  const uploaded = uploadExamples(gpu, examples, scope);
  const before = gpu.memory.ledger.liveBytes;
  using tape = new Tape(gpu, model.parameters.views, { autocast, random: new RandomState(SEED) });
  lossOf(tape, model, uploaded, shift);
  return gpu.memory.ledger.liveBytes - before;
}
