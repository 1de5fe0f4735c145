import { BackendError } from './backend-error.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { BackendKind } from './kinds.ts';

/** Lengths of texts, in tokens, that a table of batches has. */
export const TABLE_LENGTHS = [512, 1024, 2048, 4096, 8192] as const;

/**
 * Texts of a micro-batch that a step on this kind of backend is meant for: the largest power of two
 * whose texts of `tokens` tokens are no more than the tokens of a step, at least 1. Of texts of 4096
 * tokens it is half of that of texts of 2048.
 */
export function suggestedBatch(kind: BackendKind, tokens: number): number {
  const { tokensOfStep } = CAPABILITIES[kind];
  return 2 ** Math.max(0, Math.floor(Math.log2(tokensOfStep / tokens)));
}

/** Throws BackendError `model-too-large` where a model has more parameters than are recommended. */
export function requireRecommended(kind: BackendKind, parameters: number): void {
  const limit = CAPABILITIES[kind].parameters;
  if (parameters > limit)
    throw new BackendError(
      'model-too-large',
      `a model of ${parameters} parameters exceeds the recommended limit of ${kind}, ${limit}: choose another backend, or a smaller model`,
    );
}
