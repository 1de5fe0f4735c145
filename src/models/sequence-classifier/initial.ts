import type { Random } from '../../tensor/random.ts';
import { type Initial, initialEmbedding, initialLinear, initialNorm } from '../initial.ts';
import type { SequenceClassifierConfig } from './config.ts';

/** Parameters by their names in the state dict, as torch starts embeddings, norms and linears. */
export function initialSequenceClassifier(
  { vocab, heads, headDim, classes }: SequenceClassifierConfig,
  random: Random,
): Initial {
  const width = heads * headDim;
  const linear = (name: string, out: number, features: number) =>
    initialLinear(name, [out, features], random);
  return [
    ...initialEmbedding('embeddings', vocab, width, random),
    ...initialNorm('norm1', width, true),
    ...linear('query', width, width),
    ...linear('key', width, width),
    ...linear('value', width, width),
    ...linear('out_proj', width, width),
    ...initialNorm('norm2', width, true),
    ...linear('linear1', 2 * width, width),
    ...linear('linear2', width, 2 * width),
    ...linear('classifier', classes, width),
  ];
}
