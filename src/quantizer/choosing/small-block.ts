import type { WeightSource } from './weight-source.ts';

const LAYERS = [
  { layer: 'attention.query', shape: [256, 256] },
  { layer: 'mlp.up', shape: [512, 256] },
  { layer: 'mlp.down', shape: [256, 512] },
] as const;

/** Weights of a small transformer block, drawn, for people who bring none. */
export function smallBlock(seed: number): readonly WeightSource[] {
  return LAYERS.map((layer, stream) => ({ ...layer, seed, stream }));
}
