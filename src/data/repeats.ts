import { hostTensorFrom } from '../tensor/host.ts';
import { IGNORED } from '../vocabulary/nn/loss.ts';
import type { Draw } from './examples.ts';

/** Different tokens. */
export const REPEAT_TOKENS = 8;
/** Tokens after which a sequence repeats. */
const PERIOD = 4;
/**
 * Tokens of a sequence: each of its labels is another one of the random tokens, so that answers are
 * right or wrong independently.
 */
export const REPEAT_LENGTH = 2 * PERIOD - 1;

/**
 * Sequences ids i32 [n, 7] of four random tokens over and over. The label of a position is the
 * token that follows, where it has occurred before; what cannot be known is not asked. The next
 * token is the one of three positions before.
 */
export const drawRepeats: Draw = (count, random) => {
  const periods = Array.from({ length: count }, () =>
    Array.from({ length: PERIOD }, () => random.integer(0, REPEAT_TOKENS - 1)),
  );
  const at = (tokens: readonly number[], position: number) => tokens[position % PERIOD] as number;
  const each = (numberOf: typeof at) =>
    periods.flatMap((tokens) =>
      Array.from({ length: REPEAT_LENGTH }, (_, position) => numberOf(tokens, position)),
    );
  const ids = each(at);
  const labels = each((tokens, position) =>
    position + 1 < PERIOD ? IGNORED : at(tokens, position + 1),
  );
  return {
    inputs: { ids: hostTensorFrom('i32', [count, REPEAT_LENGTH], ids) },
    labels: hostTensorFrom('i32', [count * REPEAT_LENGTH], labels),
  };
};
