import * as v from 'valibot';
import { size } from '../rules.ts';
import { signature } from '../signature.ts';

const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));

/** The first words of a stream of the generator. */
export const randomWords = signature(
  { family: 'bits', name: 'random_words', inBundles: false },
  v.strictObject({
    seed: word,
    stream: v.optional(word, 0),
    /** Shape of the words. */
    shape: v.pipe(v.array(size), v.readonly()),
  }),
  {
    inputs: {},
    outputs: {
      words: { dtypes: ['I32'], native: ['u32'], shape: ({ params }) => params.shape },
    },
  },
);
