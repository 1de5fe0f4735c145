import type { Dataset } from '../../src/data/dataset.ts';
import { splitIndices } from '../../src/data/dataset.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { collateTexts, grammarTexts, randomTexts, type Tokens } from '../../src/data/sequences.ts';
import { initialLlama } from '../../src/models/llama/initial.ts';
import { Llama } from '../../src/models/llama/llama.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FitData } from '../../src/train/fit.ts';

/** The tiny transformer: 2 blocks of width 64 with 4 heads, and a vocabulary of 1000 tokens. */
export const TINY_TRANSFORMER = {
  vocab: 1000,
  hidden: 64,
  intermediate: 256,
  layers: 2,
  heads: 4,
  kv_heads: 4,
  rms_eps: 1e-5,
  rope_theta: 10_000,
};
/** Tokens of a text. */
export const SEQ_LENGTH = 32;
const BATCH_SIZE = 4;

/** The tiny transformer with the weights of the case's seed. */
export function tinyTransformer(
  t: CaseContext,
  sizes: Partial<typeof TINY_TRANSFORMER> = {},
): Llama {
  const all = { ...TINY_TRANSFORMER, ...sizes };
  const trained = new Map(initialLlama(all, t.random(1)));
  return new Llama(t.gpu, { ...all, length: SEQ_LENGTH }, { trained, frozen: new Map() });
}

/** A hundred texts of the grammar. */
export function hundredTexts(t: CaseContext): Dataset<Tokens> {
  return grammarTexts({
    length: 100,
    seqLength: SEQ_LENGTH,
    vocab: TINY_TRANSFORMER.vocab,
    seed: t.seed,
  });
}

/**
 * Loaders of batches of four: eight texts of the grammar for training; for validation eight of
 * random tokens, whose loss rises with all that is learnt.
 */
export function unlikeLoadersOf(t: CaseContext): Required<FitData<Tokens>> {
  const sizes = { length: 8, seqLength: SEQ_LENGTH, vocab: TINY_TRANSFORMER.vocab, seed: t.seed };
  const loaderOf = (texts: Dataset<Tokens>) =>
    new DataLoader(texts, collateTexts, { batchSize: BATCH_SIZE });
  return { train: loaderOf(grammarTexts(sizes)), validation: loaderOf(randomTexts(sizes)) };
}

/** Loaders of batches of four: of 80 % of the texts for training, of the others for validation. */
export function loadersOf(t: CaseContext, texts: Dataset<Tokens>): Required<FitData<Tokens>> {
  const { train, validation } = splitIndices(texts.length, 0.8, t.seed);
  const options = { batchSize: BATCH_SIZE };
  return {
    train: new DataLoader(texts, collateTexts, { ...options, seed: t.seed }, train),
    validation: new DataLoader(texts, collateTexts, options, validation),
  };
}
