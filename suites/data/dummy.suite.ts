import { dummyDataset, type TokenizedText } from '../../src/data/dummy.ts';
import { suite } from '../../src/testing/suite.ts';
import { digestOf } from './digest.ts';

export const dummySuite = suite('data.dummy', {
  description: 'A data set of random texts, as trainers are tried on before real data',
});

const OPTIONS = { length: 60, seqLength: 48, vocab: 64, seed: 7 };
const DIGEST = '1dcd3389cf5ca2551b6a9d1eed40c11082945eec315f9910ac121a79202b20db';

const numbersOf = ({ input_ids, labels, attention_mask }: TokenizedText) => [
  ...input_ids,
  ...labels,
  ...attention_mask,
];

dummySuite
  .case('sizes')
  .covers('fsdp.utilities.dummy-dataset/sizes-honoured')
  .desc(
    'The set has the length that was asked for, each item its number of tokens, and tokens are all of those below the size of the vocabulary, up to the last.',
  )
  .control('tokens of another vocabulary', (fault) =>
    fault.host('data.draw_token', (draw) => (random, vocab) => draw(random, 2 * vocab)),
  )
  .run(async (t) => {
    for (const sizes of [
      { length: 12, seqLength: 25, vocab: 8 },
      { length: 70, seqLength: 33, vocab: 50 },
    ]) {
      const dataset = dummyDataset({ ...sizes, seed: t.seed });
      const items = Array.from({ length: dataset.length }, (_, i) => dataset.item(i));
      t.expect(items.length === sizes.length, () => `${items.length} items`);
      const lengths = new Set(items.map(({ input_ids }) => input_ids.length));
      t.expect(
        [...lengths].join() === `${sizes.seqLength}`,
        () => `items of ${[...lengths]} tokens`,
      );
      const tokens = items.flatMap(({ input_ids }) => input_ids);
      const beyond = tokens.filter((token) => !(token >= 0 && token < sizes.vocab));
      t.expect(
        beyond.length === 0,
        () => `token ${beyond[0]} is in no vocabulary of ${sizes.vocab}`,
      );
      const highest = tokens.reduce((most, token) => Math.max(most, token), 0);
      t.expect(
        highest === sizes.vocab - 1,
        () => `of a vocabulary of ${sizes.vocab} no token is above ${highest}`,
      );
    }
  });

dummySuite
  .case('pure-items')
  .covers('fsdp.utilities.dummy-dataset/pure-item')
  .desc(
    'An item depends on seed and index alone: read twice, backwards, and of a set made anew it is the same, another seed gives others, and all together have the digest that is checked in, so that each worker and each page has the same.',
  )
  .control('a draw that remembers', (fault) =>
    fault.host('data.draw_token', (draw) => {
      let drawn = 0;
      return (random, vocab) => (draw(random, vocab) + drawn++) % vocab;
    }),
  )
  .run(async (t) => {
    const forwards = Array.from({ length: OPTIONS.length }, (_, i) => i);
    const dataset = dummyDataset(OPTIONS);
    for (const order of [forwards, forwards.toReversed()]) {
      for (const set of [dataset, dummyDataset(OPTIONS)]) {
        const digest = await digestOf(set, numbersOf, order);
        t.expect(digest === DIGEST, () => `the digest is ${digest}`);
      }
    }
    const other = await digestOf(dummyDataset({ ...OPTIONS, seed: 8 }), numbersOf);
    t.expect(other !== DIGEST, () => 'another seed gives the same items');
  });

dummySuite
  .case('labels-and-mask')
  .covers('fsdp.utilities.dummy-dataset/labels-and-mask')
  .desc('The labels are the tokens themselves, and the mask is 1 everywhere.')
  .control('labels of the next position', (fault) =>
    fault.host('data.labels_and_mask', (made) => (tokens) => ({
      ...made(tokens),
      labels: [...tokens.slice(1), tokens[0]],
    })),
  )
  .run(async (t) => {
    const { length, item } = dummyDataset({ ...OPTIONS, seed: t.seed });
    for (let i = 0; i < length; i++) {
      const { input_ids, labels, attention_mask } = item(i);
      t.expect(labels.join() === input_ids.join(), () => `item ${i} asks for ${labels}`);
      t.expect(
        attention_mask.length === input_ids.length && attention_mask.every((one) => one === 1),
        () => `item ${i} has the mask ${attention_mask}`,
      );
    }
  });

/** Quantile of the standard normal that one draw in a thousand exceeds. */
const QUANTILE = 3.0902;

/** What chi-square with so many degrees of freedom exceeds once in a thousand times. */
function criticalChiSquare(degrees: number): number {
  const ninth = 2 / (9 * degrees);
  // Wilson and Hilferty's cube.
  return degrees * (1 - ninth + QUANTILE * Math.sqrt(ninth)) ** 3;
}

dummySuite
  .case('uniform')
  .covers('fsdp.utilities.dummy-dataset/tokens-uniform')
  .desc('Over 20,160 tokens chi-square finds nothing against a uniform draw, at p > 0.001.')
  .control('one token twice as often', (fault) =>
    fault.host('data.draw_token', (draw) => (random, vocab) => {
      const token = draw(random, vocab);
      return token === 1 ? 2 : token;
    }),
  )
  .run(async (t) => {
    const { length, item } = dummyDataset({ ...OPTIONS, length: 420 });
    const counts = new Map<number, number>();
    for (let i = 0; i < length; i++)
      for (const token of item(i).input_ids) counts.set(token, (counts.get(token) ?? 0) + 1);
    // 0 is padding and never drawn.
    const kinds = OPTIONS.vocab - 1;
    const expected = (length * OPTIONS.seqLength) / kinds;
    const chiSquare = Array.from({ length: kinds }, (_, i) => counts.get(i + 1) ?? 0).reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    const most = criticalChiSquare(kinds - 1);
    t.metric('chiSquare', chiSquare);
    t.expect(chiSquare < most, () => `chi-square is ${chiSquare}, and ${most} is the limit`);
  });
