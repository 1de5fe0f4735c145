import type { Gpu } from '../../../gpu/gpu.ts';
import { Llama } from '../../../models/llama/llama.ts';
import type { Model } from '../../../models/model.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import { withCodedWeights } from '../../steps/coded-weights.ts';
import { adapterOf, llamaConfigOf } from '../../steps/network.ts';
import { isTrained } from '../../steps/shapes.ts';
import type { LlamaStep, StepOf } from '../../work.ts';
import { Perceptron } from './perceptron.ts';
import { ResNet18 } from './resnet18.ts';
import { PreNormTransformer } from './transformer.ts';

/** The engine's model of a step, with its start weights. */
export function modelOf(gpu: Gpu, step: StepOf, weights: ReadonlyMap<string, HostTensor>): Model {
  switch (step.model) {
    case 'mlp':
      return new Perceptron(gpu, weights);
    case 'transformer':
      return new PreNormTransformer(gpu, step, weights);
    case 'resnet18':
      return new ResNet18(gpu, weights);
    case 'llama-lora':
      return llamaOf(gpu, step, weights);
  }
}

/** The same of a Llama with adapters. */
export function llamaOf(
  gpu: Gpu,
  step: LlamaStep,
  weights: ReadonlyMap<string, HostTensor>,
): Llama {
  const all = Object.fromEntries(weights);
  const named = (trained: boolean) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => isTrained(step, name) === trained));
  const frozen = new Map(Object.entries(withCodedWeights(step, named(false))));
  return new Llama(
    gpu,
    { ...llamaConfigOf(step), length: step.tokens },
    { trained: new Map(Object.entries(named(true))), frozen, adapter: adapterOf(step.rank) },
  );
}
