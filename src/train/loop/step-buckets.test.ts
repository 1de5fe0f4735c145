import { describe, expect, test } from 'vitest';
import { RandomState } from '../../autograd/random-state.ts';
import type { Examples } from '../../data/examples.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { add } from '../../ops/math/add.ts';
import { relu } from '../../ops/math/relu.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Fingerprints } from '../fingerprints.ts';
import { StepBuckets } from './step-buckets.ts';
import { StepInputs } from './step-inputs.ts';

const host = (dtype: DType, ...shape: readonly number[]) =>
  hostTensorFrom(dtype, shape, new Array<number>(sizeOf(shape)).fill(1));
const X = host('f32', 2, 3);
const LABELS = host('i32', 2);

describe('a bucket', () => {
  test.each<[string, readonly Examples[]]>([
    ['another shape of an input', [{ inputs: { x: host('f32', 3, 2) }, labels: LABELS }]],
    ['another type of an input', [{ inputs: { x: host('i32', 2, 3) }, labels: LABELS }]],
    ['an input of another name', [{ inputs: { y: X }, labels: LABELS }]],
    ['one more input', [{ inputs: { x: X, y: X }, labels: LABELS }]],
    ['another shape of the labels', [{ inputs: { x: X }, labels: host('i32', 2, 1) }]],
    ['two micro-batches', new Array(2).fill({ inputs: { x: X }, labels: LABELS })],
  ])('is not that of %s', async (_, parts) => {
    const { gpu } = await hostGpu();
    using buckets = new StepBuckets(gpu);
    const known = buckets.holding([{ inputs: { x: X }, labels: LABELS }]);
    expect(buckets.holding([{ inputs: { x: X }, labels: LABELS }])).toBe(known);
    expect(buckets.holding(parts)).not.toBe(known);
  });

  test('that is captured stays, and one that is not is freed for the next', async () => {
    const { gpu } = await hostGpu();
    using buckets = new StepBuckets(gpu);
    const of = (rows: number) =>
      buckets.holding([{ inputs: { x: host('f32', rows, 3) }, labels: host('i32', rows) }]);
    const captured = of(1);
    await captured.capture(gpu, () => {}, {});
    const passing = of(2);
    of(3);
    expect(of(1)).toBe(captured);
    expect(of(2)).not.toBe(passing);
  });

  test('takes what a later step of its shapes is given', async () => {
    const { gpu } = await hostGpu();
    using buckets = new StepBuckets(gpu);
    buckets.holding([{ inputs: { x: X }, labels: LABELS }]);
    const others = { x: hostTensorFrom('f32', [2, 3], [1, 2, 3, 4, 5, 6]) };
    const labels = hostTensorFrom('i32', [2], [7, 8]);
    const [part] = buckets.holding([{ inputs: others, labels }]).inputs.parts;
    const read = async (tensor?: Tensor) => [...((await tensor?.read())?.data ?? [])];
    expect(await read(part?.inputs['x'])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await read(part?.labels)).toEqual([7, 8]);
  });

  test('weighs micro-batches by the labels that a shift leaves to ask', async () => {
    const { gpu } = await hostGpu();
    const sharesOf = async (shift?: boolean) => {
      using buckets = new StepBuckets(gpu, { shift });
      const { inputs } = buckets.holding([
        { inputs: {}, labels: host('i32', 2) },
        { inputs: {}, labels: host('i32', 4) },
      ]);
      const shares = await Promise.all(inputs.parts.map(({ share }) => share.read()));
      return shares.map(({ data }) => Number(data[0]?.toFixed(6)));
    };
    expect(await sharesOf()).toEqual([0.333333, 0.666667]);
    // One by itself is all, even where it asks nothing.
    using alone = new StepBuckets(gpu);
    const nothing = hostTensorFrom('i32', [2], [-100, -100]);
    const [part] = alone.holding([{ inputs: {}, labels: nothing }]).inputs.parts;
    expect((await part?.share.read())?.data).toEqual(Float32Array.of(1));
    expect(await sharesOf(true)).toEqual([0.25, 0.75]);
  });
});

describe('the micro-batches of a step', () => {
  test('have the shares of the step that is written over them', async () => {
    const { gpu } = await hostGpu();
    using inputs = new StepInputs(gpu, [
      { inputs: {}, labels: host('i32', 2) },
      { inputs: {}, labels: host('i32', 4) },
    ]);
    inputs.write([
      { inputs: {}, labels: hostTensorFrom('i32', [2], [1, -100]) },
      { inputs: {}, labels: hostTensorFrom('i32', [4], [1, -100, 1, 1]) },
    ]);
    const shares = await Promise.all(inputs.parts.map(({ share }) => share.read()));
    expect(shares.map(({ data }) => data[0])).toEqual([0.25, 0.75]);
  });

  test('count alike where the loss is the mean of their means, whatever they ask', async () => {
    const { gpu } = await hostGpu();
    const asking = (...labels: number[]) => ({
      inputs: {},
      labels: hostTensorFrom('i32', [labels.length], labels),
    });
    const parts = [asking(1, 2), asking(1, -100, -100, -100)];
    using inputs = new StepInputs(gpu, parts, { accum_mean: 'batch' });
    const shares = await Promise.all(inputs.parts.map(({ share }) => share.read()));
    expect(shares.map(({ data }) => data[0])).toEqual([0.5, 0.5]);
    const bad = [asking(1), asking(-1)];
    expect(() => new StepInputs(gpu, bad, { accum_mean: 'batch' })).toThrow('-1');
  });

  test('are refused where a label is no class, before anything is written', async () => {
    const { gpu } = await hostGpu();
    const labelled = (...labels: number[]) => ({
      inputs: {},
      labels: hostTensorFrom('i32', [labels.length], labels),
    });
    const refusal = expect.objectContaining({ code: 'bad-label' });
    expect(() => new StepInputs(gpu, [labelled(1, 2), labelled(-1)])).toThrow(refusal);
    expect(gpu.memory.ledger.liveBytes).toBe(0);
    using inputs = new StepInputs(gpu, [labelled(1, 2), labelled(3)]);
    expect(() => inputs.write([labelled(5, -100), labelled(-2)])).toThrow(refusal);
    const [first] = inputs.parts;
    expect([...((await first?.labels.read())?.data ?? [])]).toEqual([1, 2]);
    expect([...((await first?.share.read())?.data ?? [])]).toEqual([Math.fround(2 / 3)]);
  });

  test('that cannot be uploaded leave nothing', async () => {
    const { gpu } = await hostGpu();
    const broken = {
      inputs: { x: X },
      get labels(): never {
        throw new RangeError('no labels');
      },
    };
    expect(() => new StepInputs(gpu, [broken])).toThrow('no labels');
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });
});

describe('a capture', () => {
  const setUp = async () => {
    const kernels: string[] = [];
    const { gpu } = await hostGpu({ run: ({ label }) => void kernels.push(label) });
    const buckets = new StepBuckets(gpu);
    const bucket = buckets.holding([{ inputs: { x: X }, labels: LABELS }]);
    const x = bucket.inputs.parts[0]?.inputs['x'] as Tensor;
    /** relu(x + x), which is seen, and how often that was recorded. */
    const record = () => {
      recorded += 1;
      using sum = add.forward(gpu, { a: x, b: x }, {}).y;
      using y = relu.forward(gpu, { x: sum }, {}).y;
      seen(y);
    };
    let recorded = 0;
    let seen = (_: Tensor) => {};
    const see = (prints: Fingerprints) => {
      seen = (tensor) => prints.see({ tensor });
    };
    const ran = async () => {
      await gpu.finish();
      return kernels.splice(0);
    };
    return { gpu, buckets, bucket, record, see, ran, count: () => recorded };
  };

  test('is replayed without recording, as one kernel where it can be', async () => {
    const { gpu, bucket, record, ran, count } = await setUp();
    expect([bucket.isCaptured, bucket.replay({})]).toEqual([false, false]);
    await bucket.capture(gpu, record, {});
    const recordings = count();
    expect([bucket.isCaptured, await ran()]).toEqual([true, []]);
    expect(bucket.replay({})).toBe(true);
    expect(await ran()).toHaveLength(1);
    expect(count()).toBe(recordings);
  });

  test('leaves the sums of each replay, of the very kernels that are recorded', async () => {
    const { gpu, bucket, record, see, ran } = await setUp();
    using fingerprints = new Fingerprints(gpu);
    see(fingerprints);
    await bucket.capture(gpu, record, { fingerprints });
    // Nothing is seen by a capture alone.
    expect(await fingerprints.read()).toEqual([]);
    for (let i = 0; i < 2; i++) {
      bucket.replay({ fingerprints });
      fingerprints.endStep();
    }
    const step = ['math/add', 'math/relu', 'bits/fingerprint'];
    expect(await ran()).toEqual([...step, ...step]);
    expect((await fingerprints.read()).map(({ length }) => length)).toEqual([2, 2]);
  });

  test('takes up, at each replay, the random numbers that it took when it was made', async () => {
    const { gpu, bucket, record } = await setUp();
    const random = new RandomState(1);
    const recordDrawn = () => {
      random.begin();
      random.take(7);
      record();
    };
    await bucket.capture(gpu, recordDrawn, { random });
    random.take(100);
    bucket.replay({ random });
    expect(random.base).toBe(7);
  });

  test('that fails keeps nothing', async () => {
    const { gpu, buckets, bucket, see } = await setUp();
    using fingerprints = new Fingerprints(gpu);
    see(fingerprints);
    const held = gpu.memory.ledger.liveBytes;
    const leaks = () => void Tensor.empty(gpu, 'f32', [4]);
    await expect(bucket.capture(gpu, leaks, { fingerprints })).rejects.toThrow('neither frees');
    expect(bucket.isCaptured).toBe(false);
    expect(gpu.memory.ledger.liveBytes).toBe(held);
    buckets[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('is freed with its bucket', async () => {
    const { gpu, buckets, bucket, record, see } = await setUp();
    const fingerprints = new Fingerprints(gpu);
    see(fingerprints);
    await bucket.capture(gpu, record, { fingerprints });
    buckets[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });
});
