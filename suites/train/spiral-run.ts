import { collateExamples, drawnDataset } from '../../src/data/drawn.ts';
import type { Examples } from '../../src/data/examples.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { drawSpirals } from '../../src/data/spirals.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Batches of eight of 32 points on two spirals: four steps an epoch. */
export function spiralBatches(t: CaseContext, batchSize = 8): DataLoader<Examples> {
  const points = drawnDataset(drawSpirals, 32, t.seed);
  return new DataLoader(points, collateExamples, { batchSize, seed: t.seed });
}

/** A perceptron for the points, with the weights of the case's seed. */
export function spiralModel(t: CaseContext): Mlp {
  return new Mlp(t.gpu, { inFeatures: 2, hidden: 24, classes: 2 }, t.random(1));
}
