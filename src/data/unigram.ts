const BYTE_VALUES = 256;
/**
 * Added to every count, so that a byte that was never seen has a probability (Krichevsky and
 * Trofimov, 1981).
 */
const HALF = 0.5;

/**
 * Cross-entropy in nats of `targets` under a model that knows only how often each byte occurs in
 * `train`, with a half added to every count: mean of -ln((count[b] + 1/2) / (n + 128)). What a
 * language model must beat to have learnt more than frequencies.
 */
export function unigramEntropy(train: Uint8Array, targets: ArrayLike<number>): number {
  const counts = new Float64Array(BYTE_VALUES).fill(HALF);
  for (const byte of train) counts[byte] = (counts[byte] as number) + 1;
  const total = train.length + HALF * BYTE_VALUES;
  let sum = 0;
  for (let i = 0; i < targets.length; i++)
    sum -= Math.log((counts[targets[i] as number] as number) / total);
  return sum / targets.length;
}
