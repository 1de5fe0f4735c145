import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import type { Draw, Examples } from './examples.ts';
import type { Collate } from './loader.ts';

/** `length` examples of a task, each drawn from a stream of its own. */
export function drawnDataset(draw: Draw, length: number, seed: number): Dataset<Examples> {
  return { length, item: (index) => draw(1, new Random(seed, index)) };
}

/** Examples one below the other. */
export const collateExamples: Collate<Examples> = (items) => {
  const stacked = (parts: readonly HostTensor[]): HostTensor => {
    const { dtype, shape } = parts[0] as HostTensor;
    const rows = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
    const values = parts.flatMap((part) => [...valuesOf(part)]);
    return hostTensorFrom(dtype, [rows, ...shape.slice(1)], values);
  };
  const names = Object.keys((items[0] as Examples).inputs);
  return {
    inputs: Object.fromEntries(
      names.map((name) => [name, stacked(items.map(({ inputs }) => inputs[name] as HostTensor))]),
    ),
    labels: stacked(items.map(({ labels }) => labels)),
  };
};
