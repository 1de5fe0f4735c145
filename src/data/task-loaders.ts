import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import { type Dataset, splitIndices } from './dataset.ts';
import { type Collate, DataLoader } from './loader.ts';
import { collateTexts } from './sequences.ts';
import { collateClassified, collateImages } from './synthetic.ts';

/** How each task's items become batches. */
const COLLATORS = {
  'language-modeling': collateTexts,
  'text-classification': collateClassified,
  'image-classification': collateImages,
} as const;

/** Tasks that have loaders. */
export type TaskType = keyof typeof COLLATORS;

type ItemOf<Task extends TaskType> =
  (typeof COLLATORS)[Task] extends Collate<infer Item> ? Item : never;

/** What is to be learnt, and how its items are cut into batches. */
export interface TaskSpec<Task extends TaskType = TaskType> {
  readonly task: Task;
  readonly dataset: Dataset<ItemOf<Task>>;
  readonly batchSize: number;
  /** Of the split and of the orders of training. */
  readonly seed: number;
  /** Share of the items to train on. Default 0.8. */
  readonly trainFraction?: number;
  /** Whether training leaves out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
}

/** A task that has no loaders. */
class TaskTypeError extends GradproofError {
  constructor(task: string) {
    const known = Object.keys(COLLATORS).join(', ');
    super('task-type', `no loader is made for the task "${task}": known are ${known}`);
  }
}

const collatorOf = seam('data.collator_of', (task: TaskType) => COLLATORS[task]);

/**
 * The loaders of a task: of its training part in an order of its own each epoch, of the rest in the
 * order of the items. Throws TaskTypeError.
 */
export function taskLoaders<Task extends TaskType>({
  task,
  dataset,
  batchSize,
  seed,
  trainFraction = 0.8,
  dropLast,
}: TaskSpec<Task>): Readonly<Record<'train' | 'validation', DataLoader<ItemOf<Task>>>> {
  const collate = collatorOf(task) as Collate<ItemOf<Task>> | undefined;
  if (!collate) throw new TaskTypeError(task);
  const { train, validation } = splitIndices(dataset.length, trainFraction, seed);
  return {
    train: new DataLoader(dataset, collate, { batchSize, seed, dropLast }, train),
    validation: new DataLoader(dataset, collate, { batchSize }, validation),
  };
}
