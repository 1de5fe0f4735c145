import { normalization } from './norm.ts';

/** y = weight * (x - mean) / sqrt(variance + eps) + bias. */
export const layerNorm = normalization('layer_norm');
