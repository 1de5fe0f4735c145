import { hostTensorFrom } from '../tensor/host.ts';
import type { Draw } from './examples.ts';

/** Different tokens, padding (0) included. */
export const MAJORITY_TOKENS = 17;
const LENGTH = 8;

/**
 * Sequences ids i32 [n, 8] of 3, 5 or 7 tokens from 1 to 16, and padding after them; `mask` u8 [n,
 * 1, 1, 8] is 1 at tokens and 0 at padding, `share` f32 [n, 8, 1] is 1 / tokens and 0. The hidden
 * rule: tokens are of two kinds, odd and even, and the label is 1 where most tokens of the sequence
 * are odd.
 */
export const drawMajorities: Draw = (count, random) => {
  const sequences = Array.from({ length: count }, () => {
    const length = 2 * random.integer(1, LENGTH / 2 - 1) + 1;
    return Array.from({ length }, () => random.integer(1, MAJORITY_TOKENS - 1));
  });
  const padded = (numberOf: (token: number, tokens: readonly number[]) => number) =>
    sequences.flatMap((tokens) => [
      ...tokens.map((token) => numberOf(token, tokens)),
      ...Array<number>(LENGTH - tokens.length).fill(0),
    ]);
  // Their number is odd, so that half of them cannot be.
  const labels = sequences.map((tokens) =>
    Math.round(tokens.filter((token) => token % 2 === 1).length / tokens.length),
  );
  const shares = padded((_, { length }) => 1 / length);
  const inputs = {
    ids: hostTensorFrom(
      'i32',
      [count, LENGTH],
      padded((token) => token),
    ),
    mask: hostTensorFrom(
      'u8',
      [count, 1, 1, LENGTH],
      padded(() => 1),
    ),
    share: hostTensorFrom('f32', [count, LENGTH, 1], shares),
  };
  return { inputs, labels: hostTensorFrom('i32', [count], labels) };
};
