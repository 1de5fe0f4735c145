import { normalization } from './norm.ts';

/** y = weight * x / sqrt(mean(x^2) + eps) + bias. */
export const rmsNorm = normalization('rms_norm');
