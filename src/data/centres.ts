import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { Draw } from './examples.ts';

export const FEATURES = 64;
export const CLASSES = 10;

/** The centres of the classes are the same whatever examples are drawn. */
const CENTRES_SEED = 64_10;

/** Standard normal x f32 [n, 64] and labels of 10 classes that do not depend on them. */
export const drawNoise: Draw = (count, random) => drawn(count, random, 0);

/** The same with each class about a centre of its own, so that it can be learnt. */
export const drawCentres: Draw = (count, random) => drawn(count, random, 2);

function drawn(count: number, random: Random, spread: number) {
  const fixed = new Random(CENTRES_SEED);
  const centres = fixed.fill(CLASSES * FEATURES, () => fixed.normal(spread));
  const labels = random.fill(count, () => random.integer(0, CLASSES - 1));
  const x = new Float64Array(count * FEATURES);
  for (let i = 0; i < x.length; i++) {
    const label = labels[Math.floor(i / FEATURES)] as number;
    x[i] = random.normal() + (centres[label * FEATURES + (i % FEATURES)] as number);
  }
  return {
    inputs: { x: hostTensorFrom('f32', [count, FEATURES], x) },
    labels: hostTensorFrom('i32', [count], labels),
  };
}
