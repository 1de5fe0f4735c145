import { CapturedStep, planStep } from '../../autograd/capture.ts';
import { readAll, WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type Call, mapped, type Results } from '../../graph/call.ts';
import { type AdamState, stepAdamw } from '../../ops/optim/adamw_step.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { completed } from '../../vocabulary/signature.ts';
import { attentionByProducts, BY_PRODUCTS } from './attention-by-products.ts';
import type { EngineSetting, Runnable } from './engine-work.ts';
import { GRADIENT, type OnDevice } from './on-device.ts';

/** Prepares a call in a setting. */
export async function prepareOp(
  gpu: Gpu,
  call: Call<HostTensor>,
  setting: EngineSetting,
): Promise<Runnable> {
  const { record, kept = {}, owned } = onDevice(gpu, call);
  using scope = new Scope();
  scope.add(owned);
  const step =
    setting === 'captured'
      ? scope.add(new CapturedStep(gpu, await planStep(gpu, record)))
      : undefined;
  const all = scope.move();
  return {
    once: () => {
      if (step) step.run();
      else free(record());
    },
    results: async () => {
      const given = step ? step.run() : record();
      const results = resultsOf(await readAll({ ...given, ...kept }));
      if (!step) free(given);
      return results;
    },
    [Symbol.dispose]: () => all[Symbol.dispose](),
  };
}

function onDevice(gpu: Gpu, call: Call<HostTensor>): OnDevice {
  if (call.variant === BY_PRODUCTS) return attentionByProducts(gpu, call);
  return call.op.name === 'adamw_step' ? adamwInPlace(gpu, call) : called(gpu, call);
}

function called(gpu: Gpu, call: Call<HostTensor>): OnDevice {
  using scope = new Scope();
  const prepared = scope.add(new WebGpuBackend(gpu).prepare(call));
  const record = () => {
    const outputs = prepared.forward();
    const gradients = call.grads ? prepared.backward(outputs) : {};
    const named = Object.entries(gradients).map(([name, x]) => [`${GRADIENT}${name}`, x] as const);
    return { ...outputs, ...Object.fromEntries(named) };
  };
  return { record, owned: scope.move() };
}

/** As a training step has it: what it changes is overwritten. */
function adamwInPlace(gpu: Gpu, { op, inputs, params }: Call<HostTensor>): OnDevice {
  using scope = new Scope();
  const tensors = mapped(inputs, (host) => scope.add(Tensor.from(gpu, host)));
  const { grad: _, ...kept } = tensors;
  const { step, ...hyperparameters } = completed(op, params) as AdamHyperparameters & {
    readonly step: number;
  };
  const record = () => {
    stepAdamw(gpu, tensors as unknown as AdamState, hyperparameters, step);
    return {};
  };
  return { record, kept, owned: scope.move() };
}

function resultsOf(named: HostTensors): Results<HostTensor> {
  const outputs: Record<string, HostTensor> = {};
  const gradients: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(named)) {
    if (name.startsWith(GRADIENT)) gradients[name.slice(GRADIENT.length)] = tensor;
    else outputs[name] = tensor;
  }
  return { outputs, gradients };
}

function free(tensors: Tensors): void {
  for (const tensor of Object.values(tensors)) tensor[Symbol.dispose]();
}
