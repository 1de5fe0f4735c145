import { seam } from '../seam.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import type { Collate } from './loader.ts';
import { randomTexts, type SequenceOptions, type Tokens } from './sequences.ts';

/** A text with its class. */
export interface ClassifiedText {
  readonly ids: Tokens;
  readonly label: number;
}

/** An image, channel by channel and row by row, with its class. */
export interface ClassifiedImage {
  readonly pixels: Float32Array;
  readonly label: number;
}

/** Channels, rows and columns of an image. */
const IMAGE_SHAPE = [3, 32, 32] as const;
const PIXELS = 3 * 32 * 32;

const labelOf = seam('data.label_of', (index: number, classes: number): number => index % classes);

/** Random texts in classes that take turns. */
export function classifiedTexts(
  options: SequenceOptions & { readonly classes: number },
): Dataset<ClassifiedText> {
  const texts = randomTexts(options);
  return {
    length: options.length,
    item: (index) => ({ ids: texts.item(index), label: labelOf(index, options.classes) }),
  };
}

/** Uniform draws whose sum, less half of them, has a variance of 1. */
const DRAWS = 12;

/**
 * About a normal draw, of sums and differences that are exact in float64: the logarithms and
 * cosines of engines differ in their last bits.
 */
const exactNormal = seam('data.exact_normal', (random: Random): number => {
  let sum = -DRAWS / 2;
  for (let i = 0; i < DRAWS; i++) sum += random.uniform();
  return sum;
});

/** Images of noise with a mean of 0 and a deviation of 1, in classes that take turns. */
export function noiseImages({
  length,
  classes,
  seed,
}: {
  readonly length: number;
  readonly classes: number;
  readonly seed: number;
}): Dataset<ClassifiedImage> {
  return {
    length,
    item: (index) => {
      const random = new Random(seed, index);
      const pixels = Float32Array.from({ length: PIXELS }, () => exactNormal(random));
      return { pixels, label: labelOf(index, classes) };
    },
  };
}

/** Texts of one length as `ids` i32 [n, length], and a class for each. */
export const collateClassified: Collate<ClassifiedText> = (items) => ({
  inputs: {
    ids: hostTensorFrom(
      'i32',
      [items.length, items[0]?.ids.length ?? 0],
      items.flatMap(({ ids }) => ids),
    ),
  },
  labels: labelsOf(items),
});

/** Images as `x` f32 [n, 3, 32, 32], and a class for each. */
export const collateImages: Collate<ClassifiedImage> = (items) => ({
  inputs: {
    x: hostTensorFrom(
      'f32',
      [items.length, ...IMAGE_SHAPE],
      items.flatMap(({ pixels }) => [...pixels]),
    ),
  },
  labels: labelsOf(items),
});

function labelsOf(items: readonly { readonly label: number }[]) {
  return hostTensorFrom(
    'i32',
    [items.length],
    items.map(({ label }) => label),
  );
}
