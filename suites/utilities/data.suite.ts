import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { CLASSES, drawCentres, drawNoise, FEATURES } from '../../src/data/centres.ts';
import { examplesAt } from '../../src/data/epoch.ts';
import type { Draw, Examples } from '../../src/data/examples.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { initialLinear } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import { crossEntropy } from '../../src/ops/nn/cross_entropy.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';

export const data = suite('utilities.data', {
  description: 'A thousand examples of pinned random numbers, in batches of a pinned order',
});

const COUNT = 1000;
const BATCH = 32;
const SEED = 42;
const ORDER_HASH = '227e074d06e8532bbe7788f0f853cb783b765a2dfa55e8d331fcdba63e3e752b';
/** Of the labels: whole numbers, which every engine draws alike. */
const LABELS_HASH = 'b615878a3d940c54d14510e794b7bfd86ba0487e06b2b4df6119ebeb6af45ca5';

/**
 * Of the features, in thousandths: what engines do not agree on is the last bits of a logarithm or
 * cosine.
 */
const FEATURES_HASH = '9a9b08e190ea07a69a281a5582add33b53e603dec03662bb41cb094d3f158e29';

const hashOf = (numbers: Iterable<number>) => sha256(new TextEncoder().encode([...numbers].join()));

const examplesOf = (draw: Draw) => draw(COUNT, new Random(SEED, 1));

/** Shuffled batches of examples. */
const loaderOf = (examples: Examples, seed: number) =>
  new DataLoader(
    { length: COUNT, item: (index) => index },
    (indices) => examplesAt(examples, indices),
    { batchSize: BATCH, seed },
  );

data
  .case('size')
  .tier('full')
  .covers('triton.utilities.fixture-mock-dataloader/data-set-size')
  .desc('A pinned generator gives 1000 examples of 64 features and 10 classes, always the same.')
  .control('another generator', (fault) => fault.host('tensor.philox', () => () => [9, 9, 9, 9]))
  .run(async (t) => {
    const { inputs, labels } = examplesOf(drawNoise);
    const { x } = inputs;
    t.expect(String(x?.shape) === '1000,64', () => `the examples are ${x?.shape}`);
    t.expect(labels.data.length === COUNT, () => `there are ${labels.data.length} labels`);
    const classes = [...new Set(labels.data)].sort((a, b) => a - b);
    t.expect(classes.join() === '0,1,2,3,4,5,6,7,8,9', () => `the classes are ${classes}`);
    const hash = await hashOf(labels.data);
    t.expect(hash === LABELS_HASH, () => `the labels have the hash ${hash}`);
    const features = await hashOf(Array.from(x?.data ?? [], (value) => Math.round(1000 * value)));
    t.expect(features === FEATURES_HASH, () => `the features have the hash ${features}`);
  });

data
  .case('batches')
  .tier('full')
  .covers('triton.utilities.fixture-mock-dataloader/batch-count')
  .desc('They make 32 batches, the last of 8, in which every example stands once.')
  .control('an example comes twice', (fault) =>
    fault.host(
      'data.cut',
      (original) =>
        (order: readonly number[], ...rest) =>
          original([order[1], ...order.slice(1)], ...rest),
    ),
  )
  .run(async (t) => {
    const { labels, inputs } = examplesOf(drawNoise);
    const loader = loaderOf({ inputs, labels }, SEED);
    const order = loader.batchesOf(0).flat();
    const batches = [...loader.epoch(0)];
    const sizes = batches.map((batch) => batch.labels.data.length);
    t.expect(
      sizes.join() === [...Array(31).fill(32), 8].join(),
      () => `the batches have ${sizes} examples`,
    );
    const seen = new Set<number>();
    const all = inputs['x']?.data ?? [];
    for (const [b, batch] of batches.entries()) {
      const x = batch.inputs['x'];
      t.expect(String(x?.shape) === `${sizes[b]},64`, () => `batch ${b} is ${x?.shape}`);
      for (let row = 0; row < (sizes[b] as number); row++) {
        const at = order[b * BATCH + row] as number;
        const same = x?.data.subarray(row * FEATURES, (row + 1) * FEATURES);
        const right = same?.every((value, i) => value === all[at * FEATURES + i]);
        t.expect(
          right === true && batch.labels.data[row] === labels.data[at],
          () => `row ${row} of batch ${b} is not example ${at}`,
        );
        seen.add(at);
      }
    }
    t.expect(seen.size === COUNT, () => `${seen.size} examples come`);
  });

data
  .case('order')
  .tier('full')
  .covers('triton.utilities.fixture-mock-dataloader/shuffle-hash')
  .desc(
    'The order that the seed shuffles has the hash that is checked in; another seed has another.',
  )
  .control('not shuffled', (fault) =>
    fault.host(
      'data.cut',
      (original) =>
        (order: readonly number[], ...rest) =>
          original(
            order.toSorted((a, b) => a - b),
            ...rest,
          ),
    ),
  )
  .run(async (t) => {
    const hashOfOrder = (seed: number) =>
      hashOf(loaderOf(examplesOf(drawNoise), seed).batchesOf(0).flat());
    const hash = await hashOfOrder(SEED);
    t.expect(hash === ORDER_HASH, () => `the order has the hash ${hash}`);
    const other = await hashOfOrder(SEED + 1);
    t.expect(other !== hash, () => 'another seed shuffles alike');
  });

/** Loss of a linear classifier after one pass over the batches. */
async function lossOf(t: CaseContext, draw: Draw): Promise<number> {
  const initial = initialLinear('layer', [CLASSES, FEATURES], new Random(SEED, 2));
  using parameters = new FlatParameters(t.gpu, new Map(initial));
  using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'adam', lr: 0.02 });
  using one = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1]));
  let last = Number.NaN;
  for (const { inputs, labels } of loaderOf(examplesOf(draw), SEED).epoch(0)) {
    using x = Tensor.from(t.gpu, inputs['x'] as NonNullable<(typeof inputs)['x']>);
    using target = Tensor.from(t.gpu, labels);
    using tape = new Tape(
      t.gpu,
      parameters.names.map((name) => parameters.view(name)),
    );
    const logits = new Layers(tape, parameters).linear('layer', x);
    const { loss } = tape.apply(crossEntropy, { logits, labels: target }, {}, 'loss');
    last = (await loss.read()).data[0] as number;
    optimizer.advance();
    optimizer.update(tape.backward(loss, one));
  }
  return last;
}

data
  .case('learnable')
  .tier('full')
  .covers('triton.utilities.fixture-mock-dataloader/learnable-variant')
  .desc(
    'After one pass a linear classifier knows the last batch of the learnable variant, and not that of the other.',
  )
  .control('steps that go nowhere', (fault) =>
    fault.shader('optim/adamw_step', 'select(before, p, among)', 'before'),
  )
  .run(async (t) => {
    const learnt = await lossOf(t, drawCentres);
    const noise = await lossOf(t, drawNoise);
    t.metric('learnable', learnt);
    t.metric('noise', noise);
    t.expect(learnt < 0.5, () => `the loss of the learnable variant is ${learnt}`);
    t.expect(noise > 2, () => `the loss of the other is ${noise}`);
  });
