import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawSpirals } from '../../data/spirals.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { runCase } from '../../harness/worker/run-case.ts';
import { Mlp } from '../../models/mlp/mlp.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { CaseContext } from '../../testing/context.ts';
import { type Case, suite } from '../../testing/suite.ts';
import { Learner } from '../../train/learner.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * What the digest of a case's reads tells apart. Runs on npm webgpu with a browser's SwiftShader.
 */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

async function digestOf(run: (t: CaseContext) => Promise<void>): Promise<string | undefined> {
  const declared = suite('fixture', { description: 'what is read' });
  declared
    .case('reads')
    .control('none', () => {})
    .run(async (t) => {
      await run(t);
      t.expect(true, () => '');
    });
  const { outcome, readDigest } = await runCase(declared.cases[0] as Case, gpu, {
    ieee: true,
    seed: 1,
    control: false,
    digestReads: true,
  });
  expect(outcome.error).toBeUndefined();
  return readDigest;
}

const reading =
  (...values: number[]) =>
  async (t: CaseContext) => {
    for (const value of values) {
      using tensor = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [value]));
      await tensor.read();
    }
  };

test('the digest is of every read, in order', async () => {
  const expected = await digestOf(reading(1, 2));
  expect(expected).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(reading(1, 2))).toBe(expected);
  for (const other of [reading(2, 1), reading(1), reading(1, 2, 3), reading(1, 3)])
    expect(await digestOf(other)).not.toBe(expected);
});

test('the digest of a training that reads nothing is of the weights that it leaves', async () => {
  const training = (steps: number) => async (t: CaseContext) => {
    using model = new Mlp(t.gpu, { inFeatures: 2, hidden: 4, classes: 2 }, t.random(1));
    using learner = new Learner(t.gpu, model, {
      draw: drawSpirals,
      batchSize: 8,
      optimizer: { optimizer: 'sgd', lr: 0.1 },
      seed: t.seed,
    });
    await learner.capture();
    for (let step = 0; step < steps; step++) await learner.step();
  };
  const expected = await digestOf(training(2));
  expect(await digestOf(training(2))).toBe(expected);
  expect(await digestOf(training(3))).not.toBe(expected);
});
