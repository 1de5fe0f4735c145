import type { Examples } from '../../../data/examples.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { type Application, mapped } from '../../../graph/call.ts';
import { Llama } from '../../../models/llama/llama.ts';
import { retrainedName } from '../../../models/llama/lora/retrained.ts';
import { scheduledRate } from '../../../ops/optim/lr_schedule.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../../quant/weight.ts';
import type { DeviceWeight } from '../../../quantizer/coding.ts';
import type { Method } from '../../../quantizer/method.ts';
import { methods } from '../../../quantizer/registry.ts';
import type { LlamaRan, LlamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { valuesOfHosts } from '../../../reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { GroupedBatches } from '../../../train/grouped-batches.ts';
import type { StepGradients } from '../../../train/kept-gradients.ts';
import { TrainingLoop } from '../../../train/loop/training-loop.ts';
import { Optimizer } from '../../../train/optimizer.ts';
import type { OptimizerParams } from '../../../train/update-rule.ts';
import type { Schedule } from '../../../vocabulary/optim/lr_schedule.ts';
import type { CodedByHqq } from './frozen-weights.ts';
import { nameInModel } from './names.ts';
import { keptIn, type Places, writtenState } from './optimizer-state.ts';
import type { StartedRun } from './start.ts';

/** Looks at what a step, from 1 on, has computed, while its tensors live. */
type JudgeOfStep = (step: number, applications: readonly Application<Tensor>[]) => Promise<void>;

/**
 * The run on the device, with every op of every step shown to `judge`. It begins with the state that
 * it says, if it says one.
 */
export async function trainOurs(gpu: Gpu, run: StartedRun, judge: JudgeOfStep): Promise<LlamaRan> {
  const {
    config,
    adapter,
    adapters,
    clip,
    schedule,
    scaler,
    autocast,
    grad_accum = 1,
    input_ids,
  } = run;
  const { coded = new Map(), from, accum_mean } = run;
  const checkpointing = Boolean(run.checkpointing);
  const [passes, , length] = input_ids.shape as Steps;
  using model = new Llama(
    gpu,
    { ...config, length, checkpointing },
    { trained: hostsOf(withCopies(run)), frozen: frozenOf(run.frozen), adapter, adapters },
  );
  if (coded.size > 0) model.values.replace(deviceWeights(gpu, coded));
  const { parameters } = model;
  const layout = inModel(parameters.layout);
  using optimizer = new Optimizer(gpu, parameters, run.optimizer as OptimizerParams, {
    schedule,
    max_grad_norm: Number.isFinite(clip) ? clip : undefined,
    decays: run.decays,
    grad_scaler: scaler,
    keep_gradients: true,
  });
  if (from) optimizer.write(writtenState(from, await optimizer.read(), layout));
  const source = new GroupedBatches(batchesOf(run), grad_accum);
  using loop = new TrainingLoop(gpu, {
    model,
    source,
    optimizer,
    shift: true,
    autocast,
    accum_mean,
  });
  const curves = new Curves();
  let logits_step0: Value | undefined;
  let grad0: Values | undefined;
  for (let step = 1; step * grad_accum <= passes; step++) {
    await loop.judgedStep(async (applications, pass) => {
      await judge(step, applications);
      if (pass)
        logits_step0 ??= await valueIn(pass.logits as Tensor); // of a model that has them
      else await curves.addUpdate(step, applications);
    });
    curves.losses.push(await loop.readLoss());
    if (optimizer.lossScale) curves.scales.push(await numberIn(optimizer.lossScale));
    if (!Number.isFinite(clip))
      curves.grad_norms.push(await normOf(optimizer, curves, scaler, from));
    grad0 ??= await gradientsOf(optimizer, layout, from?.scale ?? scaler?.init_scale ?? 1);
  }
  const { losses, grad_norms, lrs, scales } = curves;
  return {
    losses: curve(losses),
    grad_norms: curve(grad_norms),
    lrs: curve(lrs),
    ...(scaler ? { scale: curve(scales) } : {}),
    logits_step0: logits_step0 as Value,
    grad0: grad0 as Values,
    final: byName(valuesOfHosts(await parameters.read())),
    kept: keptIn(await optimizer.read(), layout),
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
  async addUpdate(step: number, applications: readonly Application<Tensor>[]): Promise<void> {
    for (const { inputs, outputs, params } of applications) {
      const { norm, param } = outputs;
      if (norm) this.grad_norms.push(await numberIn(norm));
      if (!param) continue;
      const { lr, schedule } = params as { readonly lr: number; readonly schedule?: Schedule };
      const taken = inputs['steps'];
      // Parameters that are stepped one by one share it.
      this.lrs[step - 1] =
        schedule && taken ? scheduledRate(lr, schedule, await numberIn(taken)) : lr;
    }
  }
}

/** The values that are trained: the model trains a copy of one that it has frozen too. */
function withCopies({ trained, frozen }: StartedRun): Values {
  return Object.fromEntries(
    Object.entries(trained).map(([name, value]) => [
      name in frozen ? retrainedName(name) : name,
      value,
    ]),
  );
}

/** Of copies by the names of what they are copies of. */
const byName = <T>(values: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [nameInModel(name), value]));

const inModel = ({ entries }: Places): Places => ({
  entries: new Map([...entries].map(([name, entry]) => [nameInModel(name), entry])),
});

function hostsOf(values: Values): ReadonlyMap<string, HostTensor> {
  return new Map(Object.entries(values).map(([name, value]) => [name, float32(value)]));
}

/** Weights of HQQ as the engine keeps them; the model owns them from then on. */
function deviceWeights(
  gpu: Gpu,
  coded: ReadonlyMap<string, CodedByHqq>,
): ReadonlyMap<string, DeviceWeight> {
  const method = methods.get('hqq') as Method;
  return new Map(
    [...coded].map(([name, { shape, nbits, group_size, axis, parts }]) => {
      const scheme = method.make({ bits: nbits, group: group_size, axis });
      const { dtype = 'u8' } = scheme.parts(shape)['packed'] ?? {};
      const tensors = mapped(parts, (part, of) =>
        Tensor.from(
          gpu,
          of === 'packed' ? hostTensorFrom(dtype, part.shape, part.data) : float32(part),
        ),
      );
      return [name, scheme.weight(tensors, shape)] as const;
    }),
  );
}

/**
 * The norm of all gradients of a step that clips none, and has no norm of its own; NaN where one is
 * not finite, so that the step is left out.
 */
async function normOf(
  optimizer: Optimizer,
  { scales }: Curves,
  scaler: LlamaRun['scaler'],
  from: LlamaRun['from'],
): Promise<number> {
  const { given } = (await optimizer.readGradients()) as StepGradients;
  const scale = scaler ? (scales.at(-2) ?? from?.scale ?? scaler.init_scale) : 1;
  const norm = Math.sqrt(valuesOf(given).reduce((sum, x) => sum + (x / scale) ** 2, 0));
  return Number.isFinite(norm) ? norm : Number.NaN;
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
async function gradientsOf(optimizer: Optimizer, layout: Places, scale: number): Promise<Values> {
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
