import { afterEach, expect, test, vi } from 'vitest';
import { Tape } from '../../../autograd/tape.ts';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import { hostGpu } from '../../../gpu/fixtures/host-gpu.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { StepGradients } from '../../../train/kept-gradients.ts';
import { Optimizer } from '../../../train/optimizer.ts';
import { recorded, STEPS } from './fixtures/tiny-run.ts';
import { trainOurs } from './ours.ts';
import { startOf } from './start.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const { params, tensors } = recorded({
  losses: { shape: [STEPS], data: new Float64Array(STEPS) },
});
const run = startOf(readTrainLlama(params), tensors.inputs);

/**
 * What a run gives on a device that computes nothing, but counts its steps under loss scaling, and
 * how many ops each step showed.
 */
async function ran(change: Partial<LlamaRun> = {}) {
  const { gpu } = await hostGpu({
    run: ({ label, bindings: [, , , steps] }) => {
      if (label === 'optim/amp_update_scale' && steps)
        (new Int32Array(steps.bytes.buffer, steps.offset, 1)[0] as number)++;
    },
  });
  const shown: Record<number, number> = {};
  const given = await trainOurs(gpu, { ...run, ...change }, async (step, applications) => {
    shown[step] = (shown[step] ?? 0) + applications.length;
  });
  return { given, shown, held: gpu.memory.ledger.liveBytes };
}

test('a run shows every op of every step, and leaves nothing on the device', async () => {
  const { given, shown, held } = await ran();
  const [first, ...others] = Object.values(shown);
  expect(Object.keys(shown)).toEqual(['1', '2', '3']);
  expect(others).toEqual([first, first]);
  expect(held).toBe(0);
  const zeros = (...shape: readonly number[]) => ({
    shape,
    data: new Float64Array(shape.reduce((size, n) => size * n, 1)),
  });
  expect(given.losses).toEqual(zeros(STEPS));
  expect(given.grad_norms?.shape).toEqual([STEPS]);
  expect(given.lrs).toEqual({ shape: [STEPS], data: Float64Array.of(0.01, 0.01, 0.01) });
  expect(given.logits_step0).toEqual(zeros(2, 5, 11));
  expect(given.scale).toBeUndefined();
  const shapes = Object.entries(run.trained).map(([name, { shape }]) => [name, shape] as const);
  expect(given.grad0).toEqual(
    Object.fromEntries(shapes.map(([name, shape]) => [name, zeros(...shape)])),
  );
  // What nothing was computed for stays what it was.
  for (const [name, { data }] of Object.entries(run.trained))
    expect(given.final[name]?.data, name).toEqual(data);
});

test('micro-batches are a step together, and what is left of them is none', async () => {
  const { given, shown } = await ran({ grad_accum: 2 });
  expect(Object.keys(shown)).toEqual(['1']);
  expect(given.losses.data).toHaveLength(1);
  expect(given.grad_norms?.shape).toEqual([1]);
  const { grad_accum: _, ...alone } = run;
  const { gpu } = await hostGpu();
  expect((await trainOurs(gpu, alone, async () => {})).losses.data).toHaveLength(STEPS);
});

test('under loss scaling the gradients are those of the loss, and rates those of the steps', async () => {
  const { readGradients } = Optimizer.prototype;
  vi.spyOn(Optimizer.prototype, 'readGradients').mockImplementation(async function (
    this: Optimizer,
  ) {
    const kept = (await readGradients.call(this)) as StepGradients;
    const { dtype, shape, data } = kept.given;
    return { ...kept, given: hostTensorFrom(dtype, shape, Array.from(data.keys())) };
  });
  const { given } = await ran({
    scaler: { init_scale: 8, growth_factor: 2, backoff_factor: 0.5, growth_interval: 2000 },
    schedule: { name: 'linear', warmup: 2, total: 4 },
  });
  expect(given.scale).toEqual({ shape: [STEPS], data: Float64Array.of(8, 8, 8) });
  expect(given.lrs.data).toEqual(Float64Array.of(0, 0.01 / 2, 0.01));
  // Parameters begin at multiples of 64 numbers, one behind the other.
  let begin = 0;
  for (const [name, { shape }] of Object.entries(run.trained)) {
    const size = sizeOf(shape);
    const data = Float64Array.from({ length: size }, (_, i) => (begin + i) / 8);
    expect(given.grad0[name], name).toEqual({ shape, data });
    begin += 64 * Math.ceil(size / 64);
  }
});

test('norms are those of a clipping, or of the gradients themselves without one', async () => {
  const { readGradients } = Optimizer.prototype;
  vi.spyOn(Optimizer.prototype, 'readGradients').mockImplementation(async function (
    this: Optimizer,
  ) {
    const kept = (await readGradients.call(this)) as StepGradients;
    const { dtype, shape, data } = kept.given;
    const given = hostTensorFrom(dtype, shape, [3, 4, ...new Array(data.length - 2).fill(0)]);
    return { ...kept, given };
  });
  const { given } = await ran({ clip: Number.POSITIVE_INFINITY });
  expect(given.grad_norms).toEqual({ shape: [STEPS], data: Float64Array.of(5, 5, 5) });
});

test('blocks are computed again only where the run says so', async () => {
  const checkpoint = vi.spyOn(Tape.prototype, 'checkpoint');
  await ran({ checkpointing: false });
  expect(checkpoint).not.toHaveBeenCalled();
  await ran({ checkpointing: true });
  expect(checkpoint).toHaveBeenCalled();
});
