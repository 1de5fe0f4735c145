import type { Dataset } from '../../src/data/dataset.ts';
import { randomTexts } from '../../src/data/sequences.ts';
import { classifiedTexts, noiseImages } from '../../src/data/synthetic.ts';
import { suite } from '../../src/testing/suite.ts';
import { digestOf } from './digest.ts';

export const syntheticSuite = suite('data.synthetic', {
  description: 'Data sets of a hundred random texts, classified texts and images',
});

const COUNT = 100;
const CLASSES = 10;
const SIZES = { length: COUNT, seqLength: 32, vocab: 1000 };

/** The three sets of a seed; an item is told as its numbers. */
const setsOf = (seed: number): Readonly<Record<string, Dataset<readonly number[]>>> => {
  const texts = randomTexts({ ...SIZES, seed });
  const classified = classifiedTexts({ ...SIZES, seed, classes: 2 });
  const images = noiseImages({ length: COUNT, classes: CLASSES, seed });
  return {
    text: texts,
    classification: {
      length: classified.length,
      item: (i) => [...classified.item(i).ids, classified.item(i).label],
    },
    vision: {
      length: images.length,
      item: (i) => [...images.item(i).pixels, images.item(i).label],
    },
  };
};

/** The catalog's limit of the images' mean and deviation. */
const STATISTICS_LIMIT = 0.05;
const SEED = 42;
/** SHA-256 of the hundred items of each set of the seed, in every engine. */
const DIGESTS: Readonly<Record<string, string>> = {
  text: '3241da4ffe6fcc3c8324a856ce5393e1435a76a4a818d83e1409d7754c06d512',
  classification: 'd9c715578091d1551243e8bed750bba97a7918ebb7a7b78f6731fb6deabe2ffe',
  vision: 'd8a1147935570f6c60a89621be5fdb54f00d6608cdaaf5ef5c4f3521a58e23c1',
};

const itself = (numbers: readonly number[]) => numbers;
const forwards = Array.from({ length: COUNT }, (_, i) => i);

syntheticSuite
  .case('lengths-and-ids')
  .covers('tb.data.custom-datasets/length-100', 'tb.data.custom-datasets/ids-1-to-999')
  .desc('Each set has a hundred items, and the ids of texts lie from 1 to 999.')
  .control('a vocabulary twice as large', (fault) =>
    fault.host('data.draw_token', (draw) => (random, vocab) => draw(random, 2 * vocab)),
  )
  .run(async (t) => {
    for (const [name, { length }] of Object.entries(setsOf(t.seed)))
      t.expect(length === COUNT, () => `${name} has ${length} items`);
    const { item } = randomTexts({ ...SIZES, seed: t.seed });
    const classified = classifiedTexts({ ...SIZES, seed: t.seed, classes: 2 });
    for (const i of forwards) {
      const ids = [...item(i), ...classified.item(i).ids];
      const outside = ids.filter((id) => !(id >= 1 && id <= 999));
      t.expect(outside.length === 0, () => `text ${i} has the id ${outside[0]}`);
    }
  });

syntheticSuite
  .case('images')
  .tier('full')
  .timeout(120_000)
  .covers('tb.data.custom-datasets/image-statistics')
  .desc('Images have 3 x 32 x 32 pixels, over all with a mean of 0 and a deviation of 1, to 0.05.')
  .control('draws that are not centred', (fault) =>
    fault.host('data.exact_normal', (draw) => (random) => draw(random) + 0.1),
  )
  .run(async (t) => {
    const { item } = noiseImages({ length: COUNT, classes: CLASSES, seed: t.seed });
    const images = forwards.map((i) => item(i).pixels);
    const odd = images.find(({ length }) => length !== 3072);
    t.expect(!odd, () => `an image has ${odd?.length} pixels`);
    const count = COUNT * 3072;
    const mean = images.reduce((sum, image) => image.reduce((a, x) => a + x, sum), 0) / count;
    const squares = images.reduce((sum, image) => image.reduce((a, x) => a + x * x, sum), 0);
    const deviation = Math.sqrt(squares / count - mean * mean);
    t.expect(Math.abs(mean) <= STATISTICS_LIMIT, () => `the mean is ${mean}`);
    t.expect(Math.abs(deviation - 1) <= STATISTICS_LIMIT, () => `the deviation is ${deviation}`);
  });

syntheticSuite
  .case('labels')
  .covers('tb.data.custom-datasets/labels-modulo')
  .desc('The label of an item is its index modulo the number of classes.')
  .control('labels one further', (fault) =>
    fault.host('data.label_of', (label) => (index, classes) => label(index + 1, classes)),
  )
  .run(async (t) => {
    for (const classes of [2, 7, 13]) {
      const texts = classifiedTexts({ ...SIZES, seed: t.seed, classes });
      for (const i of forwards) {
        const { label } = texts.item(i);
        t.expect(label === i % classes, () => `text ${i} of ${classes} classes has ${label}`);
      }
      const images = noiseImages({ length: COUNT, classes, seed: t.seed });
      for (const i of [0, 3, 57, 99]) {
        const { label } = images.item(i);
        t.expect(label === i % classes, () => `image ${i} of ${classes} classes has ${label}`);
      }
    }
  });

syntheticSuite
  .case('order', { set: ['text', 'classification', 'vision'] })
  .tier('full')
  .timeout(120_000)
  .covers('tb.data.custom-datasets/item-order-independent')
  .desc(
    'Items asked backwards, and of a set that was made anew, are those asked forwards, and have the digest that every worker and session gets.',
  )
  .control('draws that remember', (fault) => {
    fault.host('data.draw_token', (draw) => {
      let drawn = 0;
      return (random, vocab) => 1 + ((draw(random, vocab) + drawn++) % (vocab - 1));
    });
    fault.host('data.exact_normal', (draw) => {
      let drawn = 0;
      return (random) => draw(random) + drawn++;
    });
  })
  .run(async (t) => {
    const set = setsOf(SEED)[t.params.set] as Dataset<readonly number[]>;
    const backwards = await digestOf(set, itself, forwards.toReversed());
    const anew = await digestOf(
      setsOf(SEED)[t.params.set] as Dataset<readonly number[]>,
      itself,
      forwards.map((i) => (37 * i) % COUNT),
    );
    t.expect(
      new Set([backwards, anew, DIGESTS[t.params.set]]).size === 1,
      () => `the digests are ${backwards}, ${anew}`,
    );
  });

syntheticSuite
  .case('digest', { set: ['text', 'classification', 'vision'] })
  .tier('full')
  .timeout(120_000)
  .covers('tb.data.custom-datasets/hash-across-runtimes')
  .desc('The hundred items have the SHA-256 that is checked in, in whatever engine this runs.')
  .control('a generator of eleven rounds', (fault) =>
    fault.host('tensor.philox', (philox) => (counter, key) => philox(philox(counter, key), key)),
  )
  .run(async (t) => {
    const set = setsOf(SEED)[t.params.set] as Dataset<readonly number[]>;
    const digest = await digestOf(set, itself);
    t.expect(digest === DIGESTS[t.params.set], () => `the digest is ${digest}`);
  });

syntheticSuite
  .case('exact-normals')
  .covers('tb.data.custom-datasets/exact-normals')
  .desc('Images are drawn without a logarithm, root or cosine, which differ between engines.')
  .control('normals by Box and Muller', (fault) =>
    fault.host('data.exact_normal', () => (random) => random.normal()),
  )
  .run(async (t) => {
    const { log, cos, sin, sqrt } = Math;
    let calls = 0;
    const counted = (of: (x: number) => number) => (x: number) => {
      calls += 1;
      return of(x);
    };
    Object.assign(Math, {
      log: counted(log),
      cos: counted(cos),
      sin: counted(sin),
      sqrt: counted(sqrt),
    });
    let pixels: Float32Array;
    try {
      ({ pixels } = noiseImages({ length: 1, classes: 1, seed: t.seed }).item(0));
    } finally {
      Object.assign(Math, { log, cos, sin, sqrt });
    }
    t.expect(pixels.length === 3072, () => `an image has ${pixels.length} pixels`);
    t.expect(calls === 0, () => `${calls} logarithms, roots and cosines were taken`);
  });
