import type { FlatParameters } from '../../../autograd/flat-parameters.ts';
import type { Examples } from '../../../data/examples.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import type { Application } from '../../../graph/call.ts';
import { Llama } from '../../../models/llama/llama.ts';
import { rateFactor } from '../../../ops/optim/lr_schedule.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../../quant/weight.ts';
import type { LlamaRan, LlamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { valuesOfHosts } from '../../../reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { GroupedBatches } from '../../../train/grouped-batches.ts';
import type { StepGradients } from '../../../train/kept-gradients.ts';
import { TrainingLoop } from '../../../train/loop/training-loop.ts';
import { Optimizer } from '../../../train/optimizer.ts';
import type { OptimizerParams } from '../../../train/update-rule.ts';
import type { Schedule } from '../../../vocabulary/optim/lr_schedule.ts';

/** Looks at what a step, from 1 on, has computed, while its tensors live. */
type JudgeOfStep = (step: number, applications: readonly Application<Tensor>[]) => Promise<void>;

/** The run on the device, with every op of every step shown to `judge`. */
export async function trainOurs(gpu: Gpu, run: LlamaRun, judge: JudgeOfStep): Promise<LlamaRan> {
  const { config, adapter, clip, schedule, scaler, autocast, grad_accum = 1, input_ids } = run;
  const checkpointing = Boolean(run.checkpointing);
  const [passes, , length] = input_ids.shape as Steps;
  using model = new Llama(
    gpu,
    { ...config, length, checkpointing },
    { trained: hostsOf(run.trained), frozen: frozenOf(run.frozen), adapter },
  );
  const { parameters } = model;
  using optimizer = new Optimizer(gpu, parameters, run.optimizer as OptimizerParams, {
    schedule,
    max_grad_norm: Number.isFinite(clip) ? clip : undefined,
    grad_scaler: scaler,
    keep_gradients: true,
  });
  const source = new GroupedBatches(batchesOf(run), grad_accum);
  using loop = new TrainingLoop(gpu, { model, source, optimizer, shift: true, autocast });
  const curves = new Curves();
  let logits_step0: Value | undefined;
  let grad0: Values | undefined;
  for (let step = 1; step * grad_accum <= passes; step++) {
    await loop.judgedStep(async (applications, pass) => {
      await judge(step, applications);
      if (pass)
        logits_step0 ??= await valueIn(pass.logits as Tensor); // of a model that has them
      else await curves.addUpdate(applications);
    });
    curves.losses.push(await loop.readLoss());
    if (optimizer.lossScale) curves.scales.push(await numberIn(optimizer.lossScale));
    grad0 ??= await gradientsOf(optimizer, parameters, scaler?.init_scale ?? 1);
  }
  const { losses, grad_norms, lrs, scales } = curves;
  return {
    losses: curve(losses),
    ...(grad_norms.length > 0 ? { grad_norms: curve(grad_norms) } : {}),
    lrs: curve(lrs),
    ...(scaler ? { scale: curve(scales) } : {}),
    logits_step0: logits_step0 as Value,
    grad0: grad0 as Values,
    final: valuesOfHosts(await parameters.read()),
  };
}

function batchesOf({ input_ids, labels, documents }: LlamaRun): readonly Examples[] {
  return Array.from({ length: input_ids.shape[0] as number }, (_, place) => ({
    inputs: {
      ids: batchAt(input_ids, place),
      ...(documents ? { documents: batchAt(documents, place) } : {}),
    },
    labels: batchAt(labels, place),
  }));
}

/** One number of each step. */
class Curves {
  readonly losses: number[] = [];
  readonly grad_norms: number[] = [];
  readonly lrs: number[] = [];
  readonly scales: number[] = [];

  /**
   * Takes the norm from the clipping, the rate from the step: under loss scaling that of as many
   * steps as the device has counted.
   */
  async addUpdate(applications: readonly Application<Tensor>[]): Promise<void> {
    for (const { inputs, outputs, params } of applications) {
      const { norm, param } = outputs;
      if (norm) this.grad_norms.push(await numberIn(norm));
      if (!param) continue;
      const { lr, schedule } = params as { readonly lr: number; readonly schedule?: Schedule };
      const taken = inputs['steps'];
      this.lrs.push(schedule && taken ? lr * rateFactor(schedule, await numberIn(taken)) : lr);
    }
  }
}

function hostsOf(values: Values): ReadonlyMap<string, HostTensor> {
  return new Map(Object.entries(values).map(([name, value]) => [name, float32(value)]));
}

/** Codes of quantized weights stay bytes; all else is float32. */
function frozenOf(
  values: LlamaRun['frozen'],
): ReadonlyMap<string, HostTensor | QuantizedWeight<HostTensor>> {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      isQuantized(value) ? withParts(value, hostPart(value)) : float32(value),
    ]),
  );
}

const hostPart =
  ({ format }: QuantizedWeight<Value>) =>
  ({ shape, data }: Value, name: string) =>
    hostTensorFrom(name === format.parts.codes ? 'u8' : 'f32', shape, data);

const float32 = ({ shape, data }: Value): HostTensor => hostTensorFrom('f32', shape, data);

/** The shape of tokens: those of a micro-batch, one after the other. */
type Steps = readonly [passes: number, batch: number, length: number];

function batchAt({ shape, data }: Value, step: number): HostTensor {
  const [count, ...batch] = shape as Steps;
  const size = data.length / count;
  return hostTensorFrom('i32', batch, data.subarray(step * size, (step + 1) * size));
}

/** The gradients of the last step, of a loss that was scaled by `scale`. */
async function gradientsOf(
  optimizer: Optimizer,
  { layout }: FlatParameters,
  scale: number,
): Promise<Values> {
  const kept = await optimizer.readGradients();
  const all = valuesOf((kept as StepGradients).given);
  return Object.fromEntries(
    [...layout.entries].map(([name, { shape, offset }]) => [
      name,
      { shape, data: all.slice(offset, offset + sizeOf(shape)).map((x) => x / scale) },
    ]),
  );
}

async function valueIn(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}

async function numberIn(tensor: Tensor): Promise<number> {
  return (await tensor.read()).data[0] as number;
}

function curve(numbers: readonly number[]): Value {
  return { shape: [numbers.length], data: Float64Array.from(numbers) };
}
