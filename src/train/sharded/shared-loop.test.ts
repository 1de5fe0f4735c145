import { expect, onTestFinished, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Mlp } from '../../models/mlp/mlp.ts';
import { Random } from '../../tensor/random.ts';
import { rowsOf } from '../fixtures/counted-losses.ts';
import { GroupedBatches } from '../grouped-batches.ts';
import { TrainingLoop } from '../loop/training-loop.ts';
import { Optimizer } from '../optimizer.ts';
import { groupPlaces, ProcessGroup } from './process-group.ts';
import { RankBatches } from './rank-batches.ts';

/** What a loop whose steps ranks share does not do, and when it exchanges. */

async function setUp(more: object = {}) {
  const { gpu } = await hostGpu();
  const [place] = groupPlaces(1);
  const group = new ProcessGroup(place as NonNullable<typeof place>);
  onTestFinished(() => group[Symbol.dispose]());
  const mlp = new Mlp(gpu, { inFeatures: 3, hidden: 4, classes: 5 }, new Random(1));
  const model = Object.assign(mlp, more);
  const sharding = { group, strategy: 'ddp' } as const;
  const params = { optimizer: 'sgd', lr: 0.1 } as const;
  const optimizer = new Optimizer(gpu, model.parameters, params, { sharding });
  const batches = new GroupedBatches(
    [1, 2, 3, 4].map((label) => rowsOf(label)),
    2,
  );
  const source = new RankBatches(batches, group);
  return { gpu, group, options: { model, source, optimizer } };
}

test('a step of several micro-batches keeps no gradients on the device, and exchanges once', async () => {
  const { gpu, group, options } = await setUp();
  const calls: number[] = [];
  const { allReduce } = group;
  group.allReduce = (values) => {
    calls.push(values.length);
    return allReduce.call(group, values);
  };
  using loop = new TrainingLoop(gpu, options);
  await loop.step();
  const held = gpu.memory.ledger.liveBytes;
  await loop.step();
  expect(calls).toEqual([384, 384]); // six parameters of 64 floats with their gaps
  expect(gpu.memory.ledger.liveBytes).toBe(held);
});

test('is not captured', async () => {
  const { gpu, options } = await setUp();
  using loop = new TrainingLoop(gpu, options);
  await expect(loop.capture()).rejects.toMatchObject({ code: 'not-implemented' });
});

test('has no state on the host', async () => {
  const { gpu, group, options } = await setUp();
  const sharding = { group, strategy: 'ddp' } as const;
  const transfers = { toDevice: 0, toHost: 0 };
  const params = { optimizer: 'sgd', lr: 0.1 } as const;
  const { parameters } = options.model;
  expect(() => new Optimizer(gpu, parameters, params, { sharding, transfers })).toThrow(
    'ranks share no offloaded state',
  );
});

test('is not that of a model with running statistics', async () => {
  const { gpu, options } = await setUp({ statistics: {} });
  const refusal = expect.objectContaining({ code: 'not-implemented' });
  expect(() => new TrainingLoop(gpu, options)).toThrow(refusal);
});
