import { constantsOf, llamaGraph } from '../../reference/llama/model.ts';
import { typesOf } from '../../reference/networks/author.ts';
import type { Values } from '../../reference/record.ts';
import type { Network } from '../../reference/step/gradients.ts';
import type { LlamaStep, StepOf } from '../work.ts';
import { withCodedWeights } from './coded-weights.ts';
import { perceptronGraph } from './graphs/perceptron.ts';
import { resnet18Graph, runningStatistics } from './graphs/resnet18.ts';
import { transformerGraph } from './graphs/transformer.ts';
import { isTrained } from './shapes.ts';

/** Numbers of transformers' LlamaConfig. */
export const llamaConfigOf = ({ width: hidden, heads, layers }: LlamaStep) => ({
  ...{ hidden, heads, kv_heads: heads, layers },
  ...{ rms_eps: 1e-6, rope_theta: 10_000 },
});

/** A factor of alpha / r = 2. */
export const adapterOf = (rank: number) => ({ r: rank, alpha: 2 * rank });

/** A model as the records run it, with the weights that stay. */
export function networkOf(step: StepOf, weights: Values): Network {
  switch (step.model) {
    case 'mlp':
      return { graph: perceptronGraph(step, typesOf(weights)), constants: {} };
    case 'transformer':
      return { graph: transformerGraph(step, typesOf(weights)), constants: {} };
    case 'resnet18':
      return {
        graph: resnet18Graph(step, typesOf(weights)),
        constants: runningStatistics(weights),
      };
    case 'llama-lora': {
      const { batch, tokens, rank } = step;
      const model = {
        ...{ config: llamaConfigOf(step), adapter: adapterOf(rank), batch: [batch, tokens] },
        weights: withCodedWeights(step, weights),
      };
      const constants = Object.entries(constantsOf(model)).filter(
        ([name]) => !isTrained(step, name),
      );
      return { graph: llamaGraph(model), constants: Object.fromEntries(constants), shift: true };
    }
  }
}
