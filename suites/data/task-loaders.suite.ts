import { splitIndices } from '../../src/data/dataset.ts';
import { shuffled } from '../../src/data/epoch.ts';
import type { Examples } from '../../src/data/examples.ts';
import { randomTexts } from '../../src/data/sequences.ts';
import { classifiedTexts, noiseImages } from '../../src/data/synthetic.ts';
import { taskLoaders } from '../../src/data/task-loaders.ts';
import { Random } from '../../src/tensor/random.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const taskLoadersSuite = suite('data.task-loaders', {
  description: 'Loaders of training and validation that a task’s specification gives',
});

const COUNT = 103;
const SIZES = { length: COUNT, seqLength: 6, vocab: 900 };

const specOf = (t: CaseContext) =>
  ({
    task: 'language-modeling',
    dataset: randomTexts({ ...SIZES, seed: t.seed }),
    batchSize: 4,
    seed: t.seed,
  }) as const;

const flat = (batches: readonly (readonly number[])[]) => batches.flat();

taskLoadersSuite
  .case('batches')
  .covers('tb.data.dataloader-factory/loaders-from-taskspec')
  .desc(
    'Of 103 items 82 are for training: shuffled, anew each epoch, in batches of exactly 4, and a last one of 2 that dropLast leaves out; the other 21 are in their order, none left out.',
  )
  .control('batches of 4 or less', (fault) =>
    fault.host(
      'data.cut',
      (cut) => (order, batchSize, dropLast) => cut(order, batchSize - 1, dropLast),
    ),
  )
  .run(async (t) => {
    const { train, validation } = taskLoaders(specOf(t));
    const dropping = taskLoaders({ ...specOf(t), dropLast: true });
    const sizes = (batches: readonly (readonly number[])[]) => batches.map(({ length }) => length);
    const fours = new Array<number>(20).fill(4);
    t.expect(
      sizes(train.batchesOf(0)).join() === [...fours, 2].join(),
      () => `batches of ${sizes(train.batchesOf(0))}`,
    );
    t.expect(
      sizes(dropping.train.batchesOf(0)).join() === fours.join(),
      () => `batches of ${sizes(dropping.train.batchesOf(0))}`,
    );
    for (const whole of [validation, dropping.validation])
      t.expect(
        sizes(whole.batchesOf(0)).join() === [4, 4, 4, 4, 4, 1].join(),
        () => `validation in batches of ${sizes(whole.batchesOf(0))}`,
      );
    const [first, second] = [0, 1].map((epoch) => flat(train.batchesOf(epoch)));
    t.expect(first?.join() !== second?.join(), () => 'two epochs have one order');
    t.expect(
      first?.toSorted((a, b) => a - b).join() === second?.toSorted((a, b) => a - b).join(),
      () => 'two epochs have other items',
    );
  });

taskLoadersSuite
  .case('collators')
  .covers('tb.data.dataloader-factory/collator-by-task')
  .desc(
    'A language model gets ids and a label for each, a classifier of texts a label for each text, one of images pixels and a label for each.',
  )
  .control('a label for each token, whatever the task', (fault) =>
    fault.host('data.collator_of', (of) => (task) => (items: readonly unknown[]) => {
      const { inputs, labels } = of(task)(items);
      return { inputs, labels: inputs.ids ?? labels };
    }),
  )
  .run(async (t) => {
    // Another size than the texts of a language model have.
    const options = { batchSize: 3, seed: t.seed };
    const images = noiseImages({ length: 10, classes: 3, seed: t.seed });
    const classified = classifiedTexts({ ...SIZES, seed: t.seed, classes: 3 });
    const first = (batches: Iterable<Examples>) => [...batches][0] as Examples;
    const shapes = ({ inputs, labels }: Examples) =>
      `${Object.entries(inputs).map(([name, { shape }]) => `${name} ${shape.join('x')}`)}; ${labels.shape.join('x')}`;
    const batches: Readonly<Record<string, Examples>> = {
      'ids 4x6; 4x6': first(taskLoaders(specOf(t)).validation.epoch(0)),
      'ids 3x6; 3': first(
        taskLoaders({
          ...options,
          task: 'text-classification',
          dataset: classified,
        }).validation.epoch(0),
      ),
      'x 3x3x32x32; 3': first(
        taskLoaders({
          ...options,
          task: 'image-classification',
          dataset: images,
          trainFraction: 0.5,
        }).validation.epoch(0),
      ),
    };
    for (const [wanted, batch] of Object.entries(batches))
      t.expect(shapes(batch) === wanted, () => `${shapes(batch)} and not ${wanted}`);
  });

taskLoadersSuite
  .case('training-order')
  .covers('tb.data.dataloader-factory/train-order-seeded')
  .desc(
    'The training part comes in the permutation of the seed and the epoch, the same each time; the tokens of the batches are those of the items.',
  )
  .control('the order of the items', (fault) =>
    fault.host('data.order_of', () => (indices) => indices),
  )
  .run(async (t) => {
    const spec = specOf(t);
    const { train } = taskLoaders(spec);
    const { train: part } = splitIndices(COUNT, 0.8, t.seed);
    for (const epoch of [0, 5]) {
      const wanted = shuffled(part.length, new Random(t.seed, epoch)).map((at) => part[at]);
      const order = flat(train.batchesOf(epoch));
      t.expect(order.join() === wanted.join(), () => `epoch ${epoch} has the order ${order}`);
      const ids = [...train.epoch(epoch)].flatMap(({ inputs }) => [...(inputs['ids']?.data ?? [])]);
      const texts = order.flatMap((index) => spec.dataset.item(index));
      t.expect(ids.join() === texts.join(), () => `epoch ${epoch} has the tokens of other items`);
    }
  });

taskLoadersSuite
  .case('validation-order')
  .covers('tb.data.dataloader-factory/val-order-ascending')
  .desc(
    'The validation part comes in the order of its items, from the first to the last, at every epoch; with all items held out that is 0 to n - 1.',
  )
  .control('the last items first', (fault) =>
    fault.host(
      'data.cut',
      (cut) =>
        (order, ...args) =>
          cut(order.toReversed(), ...args),
    ),
  )
  .run(async (t) => {
    const all = taskLoaders({ ...specOf(t), trainFraction: 0 }).validation;
    const part = taskLoaders(specOf(t)).validation;
    for (const epoch of [0, 1]) {
      const order = flat(all.batchesOf(epoch));
      t.expect(
        order.length === COUNT && order.every((index, i) => index === i),
        () => `the order is ${order}`,
      );
      const some = flat(part.batchesOf(epoch));
      t.expect(
        some.every((index, i) => i === 0 || index > (some[i - 1] as number)),
        () => `the order is ${some}`,
      );
    }
  });

taskLoadersSuite
  .case('splits')
  .covers('tb.data.dataloader-factory/splits-disjoint-covering')
  .desc('Training and validation have no item in common, and together all of them, each once.')
  .control('one item in both', (fault) =>
    fault.host('data.split_indices', (split) => (...args) => {
      const { train, validation } = split(...args);
      return { train, validation: [train[0], ...validation.slice(1)] };
    }),
  )
  .run(async (t) => {
    for (const trainFraction of [0, 0.5, 0.8, 1]) {
      const { train, validation } = taskLoaders({ ...specOf(t), trainFraction });
      const all = [...flat(train.batchesOf(0)), ...flat(validation.batchesOf(0))];
      t.expect(
        all.length === COUNT && all.toSorted((a, b) => a - b).every((index, i) => index === i),
        () => `a share of ${trainFraction} gives the items ${all}`,
      );
    }
  });

taskLoadersSuite
  .case('unknown-task')
  .covers('tb.data.dataloader-factory/unsupported-task-code')
  .desc('A task that has no loaders is refused with the code task-type, and the known are named.')
  .control('any task gets a collator', (fault) =>
    fault.host('data.collator_of', (of) => () => of('language-modeling')),
  )
  .run(async (t) => {
    const task = 'regression' as 'language-modeling';
    const code = codeOf(() => taskLoaders<'language-modeling'>({ ...specOf(t), task }));
    t.expect(code === 'task-type', () => `a task without loaders gives ${code}`);
  });
