import { cachedTurns, cacheSample, type RotaryCacheParams } from '../../attention/rotary_embedding_cache.ts';
import type { Value } from '../../record.ts';
import type { Simulation } from '../simulation.ts';
import { turn } from './turn.ts';

export const simulation: Simulation<RotaryCacheParams> = {
  op: 'rotary_embedding_cache',
  forward: (gpu, inputs, params) => ({ y: turn(gpu, inputs['x'] as Value, cachedTurns(inputs, params), false) }),
  backward: (gpu, inputs, params, grads) => ({ x: turn(gpu, grads['y'] as Value, cachedTurns(inputs, params), true) }),
  samples: [cacheSample({ layer: 'legal', x: [2, 4, 32, 64], cos: [2, 32, 32] })],
};
