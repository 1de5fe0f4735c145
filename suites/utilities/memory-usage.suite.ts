import type { MemoryCategory } from '../../src/gpu/memory.ts';
import { MEMORY_CATEGORIES } from '../../src/gpu/memory.ts';
import { memoryUsage } from '../../src/gpu/memory-usage.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';

export const memoryUsages = suite('utilities.memory-usage', {
  description: 'Memory in use, by what it is for',
});

/** Floats of weights and biases of three layers, each of whole units of 64. */
const FLOATS = 64 * (Math.ceil((13 * 7) / 64) + 1 + Math.ceil((13 * 13) / 64) + 1 + 1 + 1);

memoryUsages
  .case('categories')
  .covers('fsdp.utilities.get-memory-usage/bytes-by-category')
  .desc(
    'A perceptron and AdamW over it have weights, gradients, twice as much of what the optimizer keeps, activations of what is computed beside, and while something is read its staging.',
  )
  .control('all counts as activations', (fault) =>
    fault.host('memory.category_of', () => () => 'activations'),
  )
  .run(async (t) => {
    const { device: before } = await memoryUsage(t.gpu);
    const config = { inFeatures: 7, hidden: 13, classes: 3 };
    using model = new Mlp(t.gpu, config, t.random());
    using _optimizer = new Optimizer(t.gpu, model.parameters, { optimizer: 'adamw', lr: 1e-3 });
    using beside = Tensor.zeros(t.gpu, [5, 1001]);
    const reading = beside.read();
    const during = await memoryUsage(t.gpu);
    await reading;
    const after = await memoryUsage(t.gpu);
    const expected = {
      ...{ weights: 4 * FLOATS, gradients: 4 * FLOATS, optimizer: 8 * FLOATS },
      activations: 4 * 5005,
    };
    for (const [name, bytes] of Object.entries(expected)) {
      const category = name as MemoryCategory;
      const own = during.device[category] - before[category];
      t.expect(own === bytes, () => `${name} take ${own} bytes, not ${bytes}`);
    }
    const staging = [during, after].map(({ device }) => device.staging - before.staging);
    t.expect(staging.join() === '20020,0', () => `reads take ${staging.join(', then ')} bytes`);
  });

memoryUsages
  .case('sum')
  .covers('fsdp.utilities.get-memory-usage/sum-equals-total')
  .desc(
    'Through 300 allocations, changes of what they are for, reads and releases the categories sum to the bytes of the ledger and of reads.',
  )
  .control('what is freed stays in its category', (fault) =>
    fault.host('memory.leaving_category', () => () => 0),
  )
  .run(async (t) => {
    const random = t.random();
    const sumOf = (device: object) =>
      Object.values(device).reduce((all: number, bytes: number) => all + bytes, 0);
    const before = await memoryUsage(t.gpu);
    const held: Tensor[] = [];
    const reads: Promise<unknown>[] = [];
    for (let step = 0; step < 300; step++) {
      const action = random.integer(0, 9);
      const one = held[random.integer(0, Math.max(0, held.length - 1))];
      if (action < 4) held.push(Tensor.zeros(t.gpu, [random.integer(1, 5000)]));
      else if (action < 7) one?.countAs(MEMORY_CATEGORIES[random.integer(0, 3)] as MemoryCategory);
      else if (action < 8 && one) reads.push(one.read());
      else held.splice(held.indexOf(one as Tensor), 1)[0]?.[Symbol.dispose]();
      const { device, total } = await memoryUsage(t.gpu);
      const sum = sumOf(device) - sumOf(before.device);
      const all = total - before.total;
      t.expect(sum === all, () => `after ${step + 1} changes ${sum} bytes, not ${all}`);
      const live = held.reduce((bytes, tensor) => bytes + tensor.bytes, 0);
      t.expect(all >= live, () => `${all} bytes are told, and ${live} are live`);
    }
    await Promise.all(reads);
    for (const tensor of held) tensor[Symbol.dispose]();
  });
