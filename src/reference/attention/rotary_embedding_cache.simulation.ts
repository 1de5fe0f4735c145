import { rotaryEmbeddingCache as signature } from '../../vocabulary/attention/rotary_embedding_cache.ts';
import { defineSimulation } from '../define.ts';
import { turn } from './rotary/turn.simulation.ts';
import { cachedTurns, cacheSample } from './rotary_embedding_cache.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({
    y: turn(gpu, inputs.x, cachedTurns(inputs, params), false),
  }),
  backward: (gpu, inputs, params, grads) => ({
    x: turn(gpu, grads.y, cachedTurns(inputs, params), true),
  }),
  samples: [cacheSample({ level: 'legal', x: [2, 4, 32, 64], cos: [2, 32, 32] })],
});
