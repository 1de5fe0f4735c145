import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ceilings } from '../../bench/ceilings/ceilings.ts';
import type { Contender, PreparedWork } from '../../bench/contender.ts';
import { drawnCall } from '../../bench/drawn.ts';
import type { BenchResult } from '../../bench/host.ts';
import { opWork } from '../../bench/op-work.ts';
import { DEFAULT_BENCH_OPTIONS } from '../../bench/options.ts';
import { CallOracle } from '../../bench/oracle.ts';
import { BY_PRODUCTS } from '../../bench/ours/attention-by-products.ts';
import { Engine } from '../../bench/ours/engine.ts';
import { runBench } from '../../bench/run.ts';
import { UncapturedErrors } from '../../bench/uncaptured-errors.ts';
import { VARIANT } from '../../bench/variant-rows.ts';
import type { OpWork, StepOf, Work } from '../../bench/work.ts';
import { stepWork } from '../../bench/works/steps.ts';
import { works } from '../../bench/works.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { adamwStep } from '../../vocabulary/optim/adamw_step.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

let provider: GPU;
let gpu: Gpu;
beforeAll(async () => {
  provider = await softwareProvider();
  gpu = await Gpu.request(provider);
});
afterAll(() => gpu[Symbol.dispose]());

/** Fewest rounds of everything: what is judged does not depend on the clock. */
const OPTIONS = { ...DEFAULT_BENCH_OPTIONS, samples: 5, warmUp: 0 };

/** Settings of the ceilings for a work that has some. */
function settingsOf(ceilings: Ceilings, work: Work): readonly string[] {
  const found = ceilings.settingsFor(work);
  if ('reason' in found) throw new TypeError(found.reason);
  return found;
}

const product = opWork({
  op: matmul,
  sizes: { m: 7, n: 5, k: 11 },
  group: 'products',
  flops: 2 * 7 * 5 * 11,
  inputs: { a: [7, 11], b: [11, 5] },
  gives: { y: [7, 5] },
});
const rows = opWork({
  op: softmax,
  sizes: { rows: 3, width: 37 },
  group: 'rows',
  flops: 3 * 37,
  inputs: { x: [3, 37] },
  gives: { y: [3, 37] },
  wants: ['x'],
});

/** A library that computes on the same device, and changes the last number of what it gives. */
class Planted implements Contender {
  readonly name = 'tfjs-webgpu';
  readonly version = '0';
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  settingsFor(): readonly string[] {
    return ['eager'];
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    const prepared = await this.#engine.prepare(work, setting);
    const changed = ({ shape, data }: HostTensor) =>
      hostTensor(
        'f32',
        shape,
        Float32Array.from(data, (x, i) => (i === data.length - 1 ? x + 1e-3 : x)),
      );
    return {
      run: (times) => prepared.run(times),
      results: async () => {
        const { outputs, gradients } = await prepared.results();
        const y = outputs['y'] as HostTensor;
        return { outputs: { ...outputs, y: changed(y) }, gradients };
      },
      [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function ran(
  of: readonly Work[],
  contenders: readonly Contender[],
  takeGpuError?: () => string | undefined,
) {
  const { results, complete } = await runBench(
    {
      works: of,
      contenders,
      options: OPTIONS,
      now: () => performance.now(),
      quantumMs: 1,
      signal: new AbortController().signal,
      ...(takeGpuError ? { takeGpuError } : {}),
    },
    () => {},
  );
  expect(complete).toBe(true);
  return (work: Work, backend: string) =>
    results.find(({ id, backend: by }) => id === work.id && by === backend) as BenchResult;
}

describe('bench on a device', () => {
  test('judges ours and the ceiling, and gives a planted error no time', async () => {
    const engine = new Engine(gpu);
    const ceilings = await Ceilings.on(gpu, () => performance.now());
    const of = await ran([product, rows], [engine, ceilings, new Planted(engine)]);
    for (const [work, compared] of [
      [product, 35],
      [rows, 222],
    ] as const) {
      const ours = of(work, 'webgpu');
      expect(ours).toMatchObject({ status: 'pass', assertions: compared });
      expect(ours.timing?.samples).toBe(5);
      expect(Object.keys(ours.tried ?? {}).sort()).toEqual(['captured', 'eager']);
      expect(of(work, 'ceiling')).toMatchObject({ status: 'pass' });
      const planted = of(work, 'tfjs-webgpu');
      expect(planted).toMatchObject({ status: 'fail', error: { code: 'out-of-bound' } });
      expect(planted).not.toHaveProperty('timing');
      expect(ours.metrics).not.toHaveProperty('ratio');
    }
    expect(of(product, 'webgpu').kernels.length).toBeGreaterThan(0);
    expect(of(rows, 'webgpu').metrics?.['eagerCommands']).toBe(2);
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test.each([false, true])('attention by products is right, causal: %s', async (causal) => {
    const shape = [1, 2, 9, 5];
    const attention = opWork({
      op: scaledDotProductAttention,
      sizes: { causal },
      group: 'attention',
      flops: 2,
      params: { causal },
      inputs: { q: shape, k: shape, v: shape },
      gives: { y: shape },
      wants: ['q', 'k', 'v'],
    });
    await using engine = new Engine(gpu);
    expect(engine.variantsFor(attention)).toContain(VARIANT + BY_PRODUCTS);
    await using work = await engine.prepare(attention, VARIANT + BY_PRODUCTS);
    const results = await work.results();
    expect(Object.keys(results.gradients).sort()).toEqual(['k', 'q', 'v']);
    new CallOracle(drawnCall(attention)).judge(results);
    expect(work.kernels?.().some((kernel) => kernel.includes('matmul'))).toBe(true);
    expect(work.kernels?.().some((kernel) => kernel.includes('attention'))).toBe(false);
    expect(engine.variantsFor(product).join()).not.toContain(BY_PRODUCTS);
  });

  test('checks every ceiling of the device by itself', async () => {
    const ceilings = await Ceilings.on(gpu, () => performance.now());
    const all = [...works.values()].filter(({ kind, isLarge }) => kind === 'ceiling' && !isLarge);
    expect(all).toHaveLength(9);
    for (const work of all)
      for (const setting of settingsOf(ceilings, work)) {
        await using prepared = await ceilings.prepare(work, setting);
        const compared = (await prepared.check?.()) ?? 0;
        expect([work.id, setting, compared > 0]).toEqual([work.id, setting, true]);
        await prepared.run(3);
      }
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('holds what an optimizer does to streams apart and in place', async () => {
    const ceilings = await Ceilings.on(gpu, () => performance.now());
    const step = {
      ...({ op: adamwStep, sizes: { n: 40 }, group: 'optimizers', flops: 1 } as const),
      inputs: { param: [40], grad: [40] },
      gives: { param: [40] },
    };
    const copies = [1, 2, 4, 8].map(
      (each) => `copy of the same streams, ${each} vec4 an invocation`,
    );
    expect(ceilings.settingsFor(opWork(step))).toEqual(copies);
    const changed = opWork({ ...step, isInPlace: true });
    expect(ceilings.settingsFor(changed)).toEqual([
      ...copies,
      ...copies.map((name) => name.replace('streams', 'streams in place')),
    ]);
    for (const setting of settingsOf(ceilings, changed)) {
      await using prepared = await ceilings.prepare(changed, setting);
      expect(await prepared.check?.(), setting).toBe(setting.includes('in place') ? 80 : 40);
    }
    expect(works.get('bench.adamw_step:f32;n=2097152')?.isInPlace).toBe(true);
  });

  test('has none for what the processor computes', async () => {
    const ceilings = await Ceilings.on(gpu, () => performance.now());
    for (const op of ['lr_schedule', 'dynamic_map'])
      expect(ceilings.settingsFor(works.get(`bench.${op}:f32;x=none`) as OpWork)).toEqual({
        reason: 'no kernel computes it',
      });
  });

  test('gives a contender no time whose device tells an error that nothing caught', async () => {
    const errors = new UncapturedErrors();
    using _watch = errors.watch(GPUAdapter);
    using other = await Gpu.request(provider);
    const engine = new Engine(other);
    const breaking: Contender = {
      name: 'jax-webgpu',
      version: '0',
      settingsFor: () => ['eager'],
      prepare: async (work, setting) => {
        const prepared = await engine.prepare(work, setting);
        return {
          run: async (times) => {
            other.device.createBuffer({ size: 3, usage: 0x1 | 0x80 });
            await prepared.run(times);
          },
          results: () => prepared.results(),
          [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
        };
      },
      [Symbol.asyncDispose]: async () => {},
    };
    const of = await ran([product], [engine, breaking], () => errors.take());
    expect(of(product, 'webgpu')).toMatchObject({ status: 'pass' });
    const broken = of(product, 'jax-webgpu');
    expect(broken).toMatchObject({ status: 'error', error: { code: 'gpu-uncaptured' } });
    expect(broken).not.toHaveProperty('timing');
  });
});

const TRANSFORMER: StepOf = {
  model: 'transformer',
  ...{ batch: 2, tokens: 5, width: 8, heads: 2, blocks: 2, vocabulary: 11 },
};

test('the memory of a step is its own, whatever runs between its measurement and its report', async () => {
  const work = stepWork(TRANSFORMER, {});
  const bytesOf = (prepared: PreparedWork, setting: string) => {
    const metrics = prepared.metrics?.() ?? {};
    return [metrics[`${setting}StepBytes`], metrics[`${setting}PeakBytes`]];
  };
  const engine = new Engine(gpu);
  await using captured = await engine.prepare(work, 'captured');
  await captured.results();
  const alone = { captured: captured.metrics?.() };
  await using eager = await engine.prepare(work, 'eager');
  await eager.results();
  await captured.run(1);
  await eager.run(1);
  const [ofArena = 0, ofCapture = 0] = bytesOf(captured, 'captured');
  const [ofStep = 0, ofLoop = 0] = bytesOf(eager, 'eager');
  expect(alone.captured).toMatchObject({
    capturedStepBytes: ofArena,
    capturedPeakBytes: ofCapture,
  });
  // Weights and moments are the same.
  expect(ofCapture - ofArena).toBe(ofLoop - ofStep);
  expect(ofArena).toBeGreaterThan(0);
  expect(ofStep).toBeGreaterThan(0);
});

test('a run is held to the bytes that it may take, and tells what it learned', async () => {
  const runOf = async (peakBytes: number) => {
    const work = stepWork(TRANSFORMER, {}, { run: { steps: 6, peakBytes } });
    await using prepared = await new Engine(gpu).prepare(work, 'eager');
    await prepared.results();
    return prepared.metrics?.() ?? {};
  };
  const { eagerPeakBytes = 0, firstLoss = 0, lastLoss = 0 } = await runOf(1e9);
  expect(lastLoss).toBeLessThan(firstLoss);
  expect((await runOf(eagerPeakBytes))['lastLoss']).toBe(lastLoss);
  await expect(runOf(eagerPeakBytes - 1)).rejects.toThrow('6 steps take');
});

test('what a forward pass in halves leaves is at most 0.6 of what one in float32 does', async () => {
  const bytesOf = async (step: StepOf) => {
    await using prepared = await new Engine(gpu).prepare(stepWork(step, {}), 'eager');
    await prepared.results();
    return prepared.metrics?.()['activationBytes'] as number;
  };
  const whole = await bytesOf(TRANSFORMER);
  expect(whole).toBeGreaterThan(0);
  expect((await bytesOf({ ...TRANSFORMER, storage: 'f16' })) / whole).toBeLessThan(0.6);
});

test('what is drawn for a work is never changed by timing it', async () => {
  const before = structuredClone(drawnCall(product).inputs);
  await using prepared = await new Engine(gpu).prepare(product, 'captured');
  await prepared.run(2);
  expect(drawnCall(product).inputs).toEqual(before);
});
