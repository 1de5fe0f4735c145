import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { holdOut } from '../../src/data/epoch.ts';
import type { Examples } from '../../src/data/examples.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { earlyStop } from '../../src/train/early-stopping.ts';
import { EpochTrainer } from '../../src/train/epoch-trainer.ts';
import { type Fit, fitUntilBest } from '../../src/train/fit-until-best.ts';
import { score } from '../../src/train/score.ts';

export const earlyStoppingSuite = suite('train.early-stopping', {
  description: 'Training stops when the held-out loss no longer falls, and goes back to the best',
});

const SCRIPTED = [5, 4, 3, 3.1, 3.2, 3.3, 2];
/** The fourth is lower than the third, and no better than the best. */
const FALLING_AGAIN = [3, 1, 2, 1.5, 0.5];

/** What the losses say after each epoch. */
const endsOf = (losses: readonly number[], patience: number) =>
  losses.map((_, i) => earlyStop(losses.slice(0, i + 1), patience));

earlyStoppingSuite
  .case('scripted')
  .covers('triton.training.early-stopping/scripted-stop')
  .desc('Losses 5, 4, 3, 3.1, 3.2, 3.3, 2 with patience 3 stop after index 5; the best is index 2.')
  .control('one epoch more of patience', (fault) =>
    fault.host(
      'train.early_stop',
      (original) => (losses, patience) => original(losses, patience + 1),
    ),
  )
  .run(async (t) => {
    const ends = endsOf(SCRIPTED, 3);
    const stop = ends.findIndex(({ stops }) => stops);
    t.expect(stop === 5, () => `training stops after index ${stop}`);
    t.expect(ends[stop]?.best === 2, () => `the best index is ${ends[stop]?.best}`);
  });

const EPOCHS = 10;
const PATIENCE = 2;

/** Few examples whose labels tell nothing: what is learnt of them is of no use elsewhere. */
function toOverfit(t: CaseContext): { readonly training: Examples; readonly heldOut: Examples } {
  const { inputs, labels } = drawClusters(320, t.random(1));
  const random = t.random(2);
  const drawn = random.fill(320, () => random.integer(0, CLUSTER_CLASSES - 1));
  return holdOut({ inputs, labels: hostTensorFrom('i32', labels.shape, drawn) }, 256);
}

/** A run with the hash of the weights after each of its epochs, and after its end. */
interface Run {
  readonly fit: Fit;
  readonly hashes: readonly string[];
  readonly last: string;
  /** Held-out loss of the model as the run leaves it. */
  readonly loss: number;
}

async function run(t: CaseContext, patience = PATIENCE): Promise<Run> {
  const { training, heldOut } = toOverfit(t);
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 64, classes: CLUSTER_CLASSES };
  using model = new Mlp(t.gpu, sizes, t.random(3));
  const optimizer = { optimizer: 'adam', lr: 0.01 } as const;
  const hashOf = async () => {
    const { data } = await model.parameters.data.read();
    return await sha256(new Uint8Array(data.buffer as ArrayBuffer));
  };
  using trainer = new EpochTrainer(t.gpu, model, {
    examples: training,
    batchSize: 16,
    optimizer,
    seed: t.seed,
  });
  const hashes: string[] = [];
  const result = await fitUntilBest(t.gpu, model, trainer, {
    heldOut,
    epochs: EPOCHS,
    patience,
    afterEpoch: async () => void hashes.push(await hashOf()),
  });
  const { loss } = await score(t.gpu, model, heldOut);
  return { fit: result, hashes, last: await hashOf(), loss };
}

earlyStoppingSuite
  .case('stops')
  .tier('full')
  .timeout(60_000)
  .covers(
    'triton.training.early-stopping/stops-before-limit',
    'tb.pipeline.training-with-early-stopping/stop-epoch',
    'tb.pipeline.training-with-early-stopping/stops-before-limit',
  )
  .desc(
    'On examples to overfit, training with patience 2 stops at the first epoch that ends two without a lower held-out loss than before, of ten that it may take; with patience 3 it is three. A loss that falls again, but not below the best, does not count as lower.',
  )
  .control('patience without an end', (fault) =>
    fault.host('train.early_stop', (original) => (losses, patience) => ({
      ...original(losses, patience),
      stops: false,
    })),
  )
  .run(async (t) => {
    for (const patience of [PATIENCE, 3]) {
      const losses = (await run(t, patience)).fit.epochs.map(({ heldOutLoss }) => heldOutLoss);
      if (patience === PATIENCE) t.series('heldOutLoss', losses);
      t.expect(losses.length < EPOCHS, () => `training took all of ${EPOCHS} epochs`);
      // The first index whose last losses are no lower than some loss before them.
      const first = losses.findIndex(
        (_, i) =>
          i >= patience &&
          Math.min(...losses.slice(i + 1 - patience, i + 1)) >=
            Math.min(...losses.slice(0, i + 1 - patience)),
      );
      t.expect(
        first === losses.length - 1,
        () => `training stopped at ${losses.length}, not ${first}`,
      );
    }
    const stop = endsOf(FALLING_AGAIN, PATIENCE).findIndex(({ stops }) => stops);
    t.expect(stop === 3, () => `losses of ${FALLING_AGAIN} stop after index ${stop}`);
  });

earlyStoppingSuite
  .case('best')
  .tier('full')
  .timeout(60_000)
  .covers('tb.pipeline.training-with-early-stopping/best-epoch-argmin')
  .desc('The best epoch of such a run is the one with the lowest held-out loss.')
  .control('the last epoch for the best', (fault) =>
    fault.host('train.early_stop', (original) => (losses, patience) => ({
      ...original(losses, patience),
      best: losses.length - 1,
    })),
  )
  .run(async (t) => {
    const { fit: done } = await run(t);
    const losses = done.epochs.map(({ heldOutLoss }) => heldOutLoss);
    const lowest = losses.indexOf(Math.min(...losses));
    t.expect(done.best === lowest, () => `the best epoch is ${done.best}, not ${lowest}`);
    t.expect(lowest < losses.length - 1, () => 'the last epoch is the best: nothing is overfitted');
  });

earlyStoppingSuite
  .case('restored')
  .tier('full')
  .timeout(60_000)
  .covers(
    'triton.training.early-stopping/best-weights-restored',
    'tb.pipeline.training-with-early-stopping/best-weights-restored',
  )
  .desc(
    'After such a run the weights have the hash that they had after the best epoch, and its held-out loss.',
  )
  .control('the weights of the last epoch stay', (fault) =>
    fault.host('train.restore', () => () => undefined),
  )
  .run(async (t) => {
    const { fit: done, hashes, last, loss } = await run(t);
    t.expect(hashes.length === done.epochs.length, () => 'an epoch has no hash');
    t.expect(last === hashes[done.best], () => 'the weights are not those of the best epoch');
    const best = done.epochs[done.best]?.heldOutLoss;
    t.expect(loss === best, () => `the held-out loss is ${loss}, and was ${best}`);
  });
