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
  const ids: number[] = [];
  const mask: number[] = [];
  const share: number[] = [];
  const labels: number[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    const length = 2 * random.integer(1, LENGTH / 2 - 1) + 1;
    const tokens = Array.from({ length }, () => random.integer(1, MAJORITY_TOKENS - 1));
    const odd = tokens.filter((token) => token % 2 === 1).length;
    for (let position = 0; position < LENGTH; position++) {
      const there = position < length;
      ids.push(there ? (tokens[position] as number) : 0);
      mask.push(Number(there));
      share.push(there ? 1 / length : 0);
    }
    labels.push(Number(2 * odd > length));
  }
  const inputs = {
    ids: hostTensorFrom('i32', [count, LENGTH], ids),
    mask: hostTensorFrom('u8', [count, 1, 1, LENGTH], mask),
    share: hostTensorFrom('f32', [count, LENGTH, 1], share),
  };
  return { inputs, labels: hostTensorFrom('i32', [count], labels) };
};
