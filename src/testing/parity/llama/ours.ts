import type { FlatParameters } from '../../../autograd/flat-parameters.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import type { Application } from '../../../graph/call.ts';
import { Llama } from '../../../models/llama/llama.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../../quant/weight.ts';
import type { LlamaRan, LlamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import { valuesOfHosts } from '../../../reference/values.ts';
import {
  type HostTensor,
  type HostTensors,
  hostTensorFrom,
  valuesOf,
} from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { GroupedBatches } from '../../../train/grouped-batches.ts';
import { TrainingLoop } from '../../../train/loop/training-loop.ts';
import { Optimizer } from '../../../train/optimizer.ts';
import type { OptimizerParams } from '../../../train/update-rule.ts';

/** Looks at what a step, from 1 on, has computed, while its tensors live. */
type JudgeOfStep = (step: number, applications: readonly Application<Tensor>[]) => Promise<void>;

/** The run on the device, with every op of every step shown to `judge`. */
export async function trainOurs(gpu: Gpu, run: LlamaRun, judge: JudgeOfStep): Promise<LlamaRan> {
  const { config, adapter, clip, schedule, input_ids, labels } = run;
  const [steps = 0, , length = 0] = input_ids.shape;
  using model = new Llama(
    gpu,
    { ...config, length },
    { trained: hostsOf(run.trained), frozen: frozenOf(run.frozen), adapter },
  );
  const { parameters } = model;
  using optimizer = new Optimizer(gpu, parameters, run.optimizer as OptimizerParams, {
    schedule,
    max_grad_norm: clip,
  });
  const batches = Array.from({ length: steps }, (_, step) => ({
    inputs: { ids: batchAt(input_ids, step) },
    labels: batchAt(labels, step),
  }));
  const source = new GroupedBatches(batches, 1);
  using loop = new TrainingLoop(gpu, { model, source, optimizer, shift: true });
  const curves = new Curves();
  let first: Pick<LlamaRan, 'logits_step0' | 'grad0'> | undefined;
  for (let step = 1; step <= steps; step++) {
    await loop.judgedStep(async (applications, pass) => {
      await judge(step, applications);
      if (!pass) return await curves.addUpdate(applications);
      curves.losses.push(await numberIn(pass.loss));
      first ??= {
        logits_step0: await valueIn(pass.logits),
        grad0: await gradientsOf(parameters, pass.gradients),
      };
    });
  }
  const { losses, grad_norms, lrs } = curves;
  return {
    losses: curve(losses),
    grad_norms: curve(grad_norms),
    lrs: curve(lrs),
    ...(first as NonNullable<typeof first>),
    final: valuesOfHosts(await parameters.read()),
  };
}

/** One number of each step. */
class Curves {
  readonly losses: number[] = [];
  readonly grad_norms: number[] = [];
  readonly lrs: number[] = [];

  /** Takes the norm from the clipping, the rate from the step. */
  async addUpdate(applications: readonly Application<Tensor>[]): Promise<void> {
    for (const { outputs, params } of applications) {
      const { norm, param } = outputs;
      if (norm) this.grad_norms.push(await numberIn(norm));
      if (param) this.lrs.push((params as { readonly lr: number }).lr);
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

function batchAt({ shape: [count = 1, ...batch], data }: Value, step: number): HostTensor {
  const size = data.length / count;
  return hostTensorFrom('i32', batch, data.subarray(step * size, (step + 1) * size));
}

async function gradientsOf(
  parameters: FlatParameters,
  gradients: ReadonlyMap<Tensor, Tensor>,
): Promise<Values> {
  const hosts: Record<string, HostTensor> = {};
  for (const name of parameters.names)
    hosts[name] = await (gradients.get(parameters.view(name)) as Tensor).read();
  return valuesOfHosts(hosts satisfies HostTensors);
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
