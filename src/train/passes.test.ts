import { describe, expect, test, vi } from 'vitest';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Application } from '../graph/call.ts';
import { Mlp } from '../models/mlp/mlp.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { rowsOf } from './fixtures/counted-losses.ts';
import { Passes, type PassOptions } from './loop/passes.ts';
import { type MicroBatch, StepInputs } from './loop/step-inputs.ts';

/** Passes over so many micro-batches, of one row each. */
async function setUp(count: number, more: (factor: Tensor) => PassOptions = () => ({})) {
  const kernels: string[] = [];
  const run = ({ label }: HostDispatch) => void kernels.push(label);
  const { gpu } = await hostGpu({ run });
  const model = new Mlp(gpu, { inFeatures: 3, hidden: 4, classes: 5 }, new Random(1));
  const factor = Tensor.from(gpu, hostTensorFrom('f32', [1], [8]));
  const { parts } = new StepInputs(
    gpu,
    Array.from({ length: count }, (_, i) => rowsOf(i)),
  );
  const live = () => gpu.memory.ledger.liveBytes;
  const held = live();
  const passes = new Passes(gpu, model, count, more(factor));
  const ran = async (kernel: string) => {
    await gpu.finish();
    return kernels.filter((label) => label === kernel).length;
  };
  return { passes, parts, model, ran, live: () => live() - held };
}

describe('the passes of a step', () => {
  test('of one micro-batch give its own gradients, and add nothing', async () => {
    const { passes, parts, ran, live } = await setUp(1);
    expect(passes.gradients.size).toBe(0);
    const { gradients } = passes.begin(parts[0] as MicroBatch);
    passes.end();
    expect(passes.gradients).toBe(gradients);
    expect(gradients.size).toBe(6);
    expect(await ran('nn/accumulate_grad')).toBe(0);
    passes[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('of two give the sum of both, and free what one leaves before the next', async () => {
    const { passes, parts, ran, live } = await setUp(2);
    const after: number[] = [];
    for (const part of parts) {
      passes.begin(part);
      passes.end();
      after.push(live());
    }
    expect(await ran('nn/accumulate_grad')).toBe(6);
    expect(passes.gradients.size).toBe(6);
    // Gradients of 12, 4, 16, 4, 20 and 5 floats alone.
    expect(after).toEqual([61 * 4, 61 * 4]);
    passes[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('of one give each gradient to who takes it, and keep none', async () => {
    const taken: Tensor[] = [];
    const take = (parameter: Tensor) => void taken.push(parameter);
    const { passes, parts, model, live } = await setUp(1, () => ({ take }));
    const { gradients } = passes.begin(parts[0] as MicroBatch);
    passes.end();
    const { names } = model.parameters;
    expect(new Set(taken)).toEqual(new Set(names.map((name) => model.parameters.view(name))));
    expect([taken.length, gradients.size, passes.gradients.size]).toEqual([6, 0, 0]);
    passes[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('of several sum them before, and what is traced is taken by none', async () => {
    const take = vi.fn();
    const { passes, parts } = await setUp(2, () => ({ take }));
    for (const part of parts) {
      passes.begin(part);
      passes.end();
    }
    expect(passes.gradients.size).toBe(6);
    const traced = await setUp(1, () => ({ take, trace: true }));
    expect(traced.passes.begin(traced.parts[0] as MicroBatch).gradients.size).toBe(6);
    expect(take).not.toHaveBeenCalled();
  });

  test('of one begin backward with the factor itself, of several with its share', async () => {
    const products = async (count: number, isScaled: boolean) => {
      const { passes, parts, ran } = await setUp(count, (scale) => (isScaled ? { scale } : {}));
      for (const part of parts) {
        passes.begin(part);
        passes.end();
      }
      return await ran('math/mul');
    };
    expect([await products(1, true), await products(1, false)]).toEqual([0, 0]);
    expect([await products(2, true), await products(2, false)]).toEqual([2, 0]);
  });

  test.each([true, false, undefined])('compare labels as a shift (%s) says', async (shift) => {
    const shown: Application<Tensor>[] = [];
    const watch = (application: Application<Tensor>) => void shown.push(application);
    const { passes, parts } = await setUp(1, () => ({ shift, watch }));
    passes.begin(parts[0] as MicroBatch);
    const loss = shown.find(({ layer }) => layer === 'loss');
    expect(loss?.params).toEqual({ shift: shift ?? false, log_probs: false });
  });

  test('show a trace alone what they applied', async () => {
    const countOf = async (trace: boolean) => {
      const { passes, parts } = await setUp(1, () => ({ trace }));
      return passes.begin(parts[0] as MicroBatch).applications.length;
    };
    // Three linears, two activations and the loss, and back.
    expect([await countOf(false), await countOf(true)]).toEqual([0, 12]);
  });

  test('take over the statistics of each micro-batch', async () => {
    const { passes, parts, model } = await setUp(2);
    const keepStatistics = vi.fn();
    Object.assign(model, { keepStatistics });
    for (const part of parts) {
      passes.begin(part);
      passes.end();
    }
    expect(keepStatistics).toHaveBeenCalledTimes(2);
  });
});
