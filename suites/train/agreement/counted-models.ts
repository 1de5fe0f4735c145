/** Added to every count, so that what was never seen has a probability. */
const HALF = 0.5;

/** Texts as ids of a vocabulary of `size`. */
type Texts = readonly (readonly number[])[];

/**
 * Perplexities of held-out texts under models that count, in the training texts, how often each token
 * occurs (unigram) and how often behind which other (bigram), each with a half added. Of a text every
 * token but the first is asked for, as of a language model.
 */
export function countedPerplexities(
  training: Texts,
  heldOut: Texts,
  size: number,
): { readonly unigram: number; readonly bigram: number } {
  const single = new Float64Array(size).fill(HALF);
  const pairs = Array.from({ length: size }, () => new Float64Array(size).fill(HALF));
  eachPair(training, (before, token) => {
    single[token] = (single[token] as number) + 1;
    const row = pairs[before] as Float64Array;
    row[token] = (row[token] as number) + 1;
  });
  const perplexityOf = (countsBehind: (before: number) => Float64Array) => {
    let nats = 0;
    let asked = 0;
    eachPair(heldOut, (before, token) => {
      const counts = countsBehind(before);
      nats -= Math.log((counts[token] as number) / sumOf(counts));
      asked += 1;
    });
    return Math.exp(nats / asked);
  };
  return {
    unigram: perplexityOf(() => single),
    bigram: perplexityOf((before) => pairs[before] as Float64Array),
  };
}

const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);

function eachPair(texts: Texts, see: (before: number, token: number) => void): void {
  for (const text of texts)
    for (let at = 1; at < text.length; at++) see(text[at - 1] as number, text[at] as number);
}
