import type { Examples } from '../../../src/data/examples.ts';
import { initialConvNet } from '../../../src/models/conv-net/initial.ts';
import { typesOf } from '../../../src/reference/networks/author.ts';
import { convNetGraph, freshStatistics } from '../../../src/reference/networks/conv-net.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { MOMENTUM, SMALL_STEPS } from './recipes.ts';
import type { Setting } from './setting.ts';
import { SMALL, scaledWeights } from './small.ts';

export const IMAGES = { channels: [2, 3, 4], classes: 3 } as const;
const IMAGE_BATCH = [3, IMAGES.channels[0], 4, 4] as const;

/** Images without a rule, in numbers of this deviation. */
function drawImages(deviation: number, random: Random): readonly Examples[] {
  const size = sizeOf(IMAGE_BATCH);
  const x = random.fill(size, () => random.normal(deviation));
  const labels = random.fill(IMAGE_BATCH[0], () => random.integer(0, IMAGES.classes - 1));
  return [
    {
      inputs: { x: hostTensorFrom('f32', IMAGE_BATCH, x) },
      labels: hostTensorFrom('i32', [IMAGE_BATCH[0]], labels),
    },
  ];
}

/** Convolutions with batch normalizations, whose running statistics move with each step. */
export const convolutions: Setting = {
  initial: (random) => initialConvNet(IMAGES, random),
  network: (weights) => ({
    graph: convNetGraph(typesOf(weights), IMAGE_BATCH),
    constants: {},
    statistics: freshStatistics(weights),
  }),
  recipe: MOMENTUM,
  draw: (_, random) => drawImages(1, random),
  products: 'f32',
};

/** The same where the variances of both normalizations are of the order of their eps. */
export const smallConvolutions: Setting = {
  ...convolutions,
  initial: (random) => scaledWeights(convolutions.initial(random), SMALL, 'conv2.weight'),
  recipe: SMALL_STEPS,
  draw: (_, random) => drawImages(SMALL, random),
};
