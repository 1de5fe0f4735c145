import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from '../../bench/ours/engine.ts';
import { StepOracle } from '../../bench/steps/oracle.ts';
import { parameterShapes } from '../../bench/steps/shapes.ts';
import type { StepOf } from '../../bench/work.ts';
import { stepWork } from '../../bench/works/steps.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

let provider: GPU;
let gpu: Gpu;
beforeAll(async () => {
  provider = await softwareProvider();
  gpu = await Gpu.request(provider);
});
afterAll(() => gpu[Symbol.dispose]());

const TRANSFORMER: StepOf = {
  model: 'transformer',
  ...{ batch: 2, tokens: 5, width: 8, heads: 2, blocks: 2, vocabulary: 11 },
};

const STEPS: readonly StepOf[] = [
  { model: 'mlp', batch: 3, inputs: 7, hidden: 5, classes: 4 },
  TRANSFORMER,
  { ...TRANSFORMER, storage: 'f16' },
  {
    model: 'llama-lora',
    ...{ batch: 2, tokens: 5, width: 8, intermediate: 12, layers: 2, heads: 2 },
    ...{ vocabulary: 11, rank: 2 },
  },
  {
    model: 'llama-lora',
    ...{ batch: 2, tokens: 5, width: 64, intermediate: 128, layers: 1, heads: 2 },
    ...{ vocabulary: 11, rank: 2 },
    adapted: 'all-linear',
    base: 'nf4',
  },
];

describe.each(STEPS)('a step of $model $storage $base', (step) => {
  const work = stepWork(step, {});
  const oracle = new StepOracle(work);

  test.each(['captured', 'eager'])('%s has the losses of the float64 run', async (setting) => {
    await using prepared = await new Engine(gpu).prepare(work, setting);
    const { outputs, gradients } = await prepared.results();
    const { compared, accuracy } = await oracle.judge({ outputs, gradients });
    expect(compared).toBe(3);
    expect(accuracy?.boundUsed).toBeLessThan(1);
    const { shape, data } = outputs['loss'] as HostTensor;
    // It learns: the losses differ, and each step is judged.
    expect(new Set(data).size).toBe(3);
    for (const at of [0, 1, 2]) {
      const loss = Float32Array.from(data, (x, i) => (i === at ? x * 1.01 : x));
      const wrong = { outputs: { loss: hostTensor('f32', shape, loss) }, gradients };
      await expect(oracle.judge(wrong)).rejects.toThrow(`loss[${at}]`);
    }
  });

  test.each(['checkpoint', 'resume'] as const)(
    'has the same losses with a checkpoint after each step, where a %s is timed',
    async (timed) => {
      await using prepared = await new Engine(gpu).prepare(stepWork(step, {}, { timed }), 'eager');
      const { compared, accuracy } = await oracle.judge(await prepared.results());
      expect([compared, (accuracy?.boundUsed ?? 1) < 1]).toEqual([3, true]);
      await prepared.run(2);
      const weights = Object.values(parameterShapes(step)).reduce((sum, of) => sum + sizeOf(of), 0);
      const bytes = prepared.metrics?.()['checkpointBytes'] as number;
      // What is trained, and two moments of Adam; a frozen base is not among it.
      expect(bytes).toBeGreaterThan(100);
      if (step.model !== 'llama-lora') expect(bytes).toBeGreaterThan(3 * 4 * weights);
    },
  );
});
