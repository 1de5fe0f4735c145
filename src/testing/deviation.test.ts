import { describe, expect, test } from 'vitest';
import type { Application } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Trainer } from '../train/trainer.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { fingerprintOf } from './bit-flip.ts';
import { AssertionError, CaseContext } from './context.ts';
import { deviationOf, nameDeviation } from './deviation.ts';

test('the first tensor that computed other bits is found, with its sums before and again', () => {
  const before = Uint32Array.of(1, 2, 3, 4, 5, 6);
  const changed = (at: number) => before.map((sum, i) => (i === at ? 99 : sum));
  expect(deviationOf(7, before, before)).toBeUndefined();
  const expected = [
    {
      step: 7,
      tensor: 0,
      seen: [
        [1, 2],
        [99, 2],
      ],
    },
    {
      step: 7,
      tensor: 0,
      seen: [
        [1, 2],
        [1, 99],
      ],
    },
    {
      step: 7,
      tensor: 1,
      seen: [
        [3, 4],
        [99, 4],
      ],
    },
    {
      step: 7,
      tensor: 1,
      seen: [
        [3, 4],
        [3, 99],
      ],
    },
    {
      step: 7,
      tensor: 2,
      seen: [
        [5, 6],
        [99, 6],
      ],
    },
    {
      step: 7,
      tensor: 2,
      seen: [
        [5, 6],
        [5, 99],
      ],
    },
  ];
  expect(expected.map((_, at) => deviationOf(7, before, changed(at)))).toEqual(expected);
});

const variants = launchers.get('mul')?.variants ?? {};
const [variant = ''] = Object.keys(variants);
const [kernel] = variants[variant]?.kernels ?? [];

/** A tensor on a device, in the middle of a buffer. */
function tensorOf(data: readonly number[], shape: readonly number[] = [data.length]): Tensor {
  const { data: floats } = hostTensorFrom('f32', shape, data);
  const buffer = new Float32Array(floats.length + 3);
  buffer.set(floats as Float32Array, 2);
  const host = { dtype: 'f32', shape, data: buffer.subarray(2, 2 + floats.length) };
  return {
    ...host,
    size: floats.length,
    bytes: 4 * floats.length,
    read: async () => host,
  } as never;
}

const words = (data: readonly number[]) => new Uint32Array(Float32Array.from(data).buffer);

describe('an element that was wrong once', () => {
  const a = tensorOf([2, 3], [1, 2]);
  const b = tensorOf([5, 7], [1, 2]);
  const y = tensorOf([10, 21], [1, 2]);
  const dy = tensorOf([1, 1], [1, 2]);
  const forward = { layer: 'fc1', op: mul, variant, params: {}, inputs: { a, b }, outputs: { y } };
  const backward = { ...forward, outputs: {}, grads: { y: dy }, gradients: { a: b, b: a } };
  /** A step of two parts: forward and then backward. */
  const parts: readonly (readonly Application<Tensor>[])[] = [[forward], [backward]];

  /** What is said of the tensor at this place, which was `was` before and `again` then. */
  async function said(tensor: number, was: readonly number[], again: readonly number[]) {
    const races = { recorder: { pipelines: { mayRace: (file: string) => file === kernel } } };
    const gpu = { ...races, adapter: { isFallback: true } };
    const t = new CaseContext({ gpu, ieee: false, seed: 1, injects: [] } as never);
    const trainer = {
      judgedStep: async (judge: (each: readonly Application<Tensor>[]) => Promise<void>) => {
        for (const part of parts) await judge(part);
      },
    };
    const seen = [fingerprintOf(words(was)), fingerprintOf(words(again))] as const;
    const deviation = { step: 9, tensor, seen };
    const thrown = await nameDeviation(t, trainer as unknown as Trainer, deviation).catch(
      (error: unknown) => error,
    );
    return { thrown: thrown as AssertionError, reruns: t.evidence.reruns };
  }

  test('is named with step, layer, op and place, in the run or in its replay', async () => {
    const { thrown, reruns } = await said(0, [10, 20], [10, 21]);
    expect(thrown).toBeInstanceOf(AssertionError);
    expect(thrown).toMatchObject({
      code: 'not-repeatable',
      at: { index: [0, 1], actual: 20, expected: 21 },
      message: `step 9, layer fc1, mul (${variant}): y[0, 1] was 20 once, and is 21 when the step is run again from the same state, which is right`,
    });
    expect(reruns).toEqual({
      again: ['right'],
      mayRace: true,
      onFallback: true,
      independent: [],
      withinHalf: false,
    });
    const replayed = await said(0, [10, 21], [10, 19]);
    expect(replayed.thrown.at).toEqual({ index: [0, 1], actual: 19, expected: 21 });
  });

  test('may be in a gradient, behind what the step computed before', async () => {
    const { thrown } = await said(2, [2, Number.POSITIVE_INFINITY], [2, 3]);
    expect(thrown.at).toEqual({ index: [0, 1], actual: null, expected: 3 });
    expect(thrown.message).toContain('gradient of b[0, 1] was not finite once, and is 3 when');
    expect((await said(1, [6, 7], [5, 7])).thrown.message).toContain('gradient of a[0, 0] was 6');
  });

  test('has no place where more than one differed', async () => {
    const { thrown } = await said(0, [11, 20], [10, 21]);
    expect(thrown.at).toBeUndefined();
    expect(thrown.message).toBe(
      `step 9, layer fc1, mul (${variant}): y was wrong once, in more than one element, and is right when the step is run again from the same state`,
    );
  });

  test('is not looked for past an op that is out of its bound now', async () => {
    const wrong = { ...forward, outputs: { y: tensorOf([10, 99], [1, 2]) } };
    const gpu = { adapter: { isFallback: false } };
    const t = new CaseContext({ gpu, ieee: false, seed: 1, injects: [] } as never);
    const trainer = { judgedStep: (judge: (each: readonly object[]) => void) => judge([wrong]) };
    const seen = [fingerprintOf(words([10, 20])), fingerprintOf(words([10, 99]))] as const;
    await expect(
      nameDeviation(t, trainer as unknown as Trainer, { step: 9, tensor: 0, seen }),
    ).rejects.toThrow(`step 9, layer fc1, mul (${variant}): y[0, 1] is 99 and should be 21`);
  });

  test('in a tensor that the step does not compute is no deviation', async () => {
    const { thrown } = await said(3, [1], [2]);
    expect(thrown.message).toBe('step 9 computed fewer tensors than it did');
  });
});
