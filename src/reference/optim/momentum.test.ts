import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { IN_HALVES } from '../rounding.ts';
import { momentumBound, momentumElement, onnxScalars, sgdScalars } from './momentum.ts';

const near = (...numbers: readonly number[]) => numbers.map((x) => expect.closeTo(x, 20));

describe('scalars of a step', () => {
  const torch = { lr: 0.5, momentum: 0.75, dampening: 0.25, weight_decay: 2, nesterov: false };

  test('of SGD fill the buffer with the first gradient, and with each without momentum', () => {
    const scalars = { lr: 0.5, l2: 2, keep: 0.75, gain: 0.75, ahead: undefined };
    expect(sgdScalars(torch, false)).toEqual(scalars);
    expect(sgdScalars(torch, true)).toEqual({ ...scalars, keep: 0, gain: 1 });
    expect(sgdScalars({ ...torch, momentum: 0 }, false)).toEqual({ ...scalars, keep: 0, gain: 1 });
    expect(sgdScalars({ ...torch, nesterov: true }, false)).toEqual({ ...scalars, ahead: 0.75 });
    expect(sgdScalars({ ...torch, lr: 0.1, dampening: 0.1 }, false)).toMatchObject({
      lr: Math.fround(0.1),
      gain: Math.fround(0.9),
    });
  });

  test('of ONNX take all of the gradient where no step went before', () => {
    const onnx = { R: 0.5, T: 0, alpha: 0.25, beta: 0.125, norm_coefficient: 2 } as const;
    const scalars = { lr: 0.5, l2: 2, keep: 0.25, gain: 0.125, ahead: undefined };
    expect(onnxScalars({ ...onnx, mode: 'standard' }, 2)).toEqual(scalars);
    expect(onnxScalars({ ...onnx, mode: 'standard' }, 1)).toEqual({ ...scalars, gain: 1 });
    expect(onnxScalars({ ...onnx, T: 1, mode: 'standard' }, 1)).toEqual(scalars);
    expect(onnxScalars({ ...onnx, mode: 'nesterov' }, 2)).toEqual({ ...scalars, ahead: 0.25 });
  });

  test('of ONNX are its defaults where nothing is given', () => {
    const plain = { lr: Math.fround(0.001), l2: 0, keep: 0, gain: 1, ahead: undefined };
    expect(onnxScalars({}, 1)).toEqual(plain);
    expect(onnxScalars({}, 2)).toEqual(plain);
    // The buffer keeps nothing of itself, and what it takes of the first gradient is all.
    expect(onnxScalars({ beta: 0.5 }, 1)).toEqual(plain);
    expect(onnxScalars({ mode: 'nesterov' }, 1)).toEqual({ ...plain, ahead: 0 });
  });
});

describe('a step of momentum', () => {
  const before = { param: 8, momentum_buffer: 16 };
  const scalars = { lr: 0.5, l2: 0.25, keep: 0.5, gain: 0.125, ahead: undefined };

  test('adds the decay to the gradient, and its share to that of the buffer', () => {
    // The gradient is 6 + 2, the buffer 8 + 1.
    expect(momentumElement(before, 6, scalars)).toEqual({ param: 3.5, momentum_buffer: 9 });
    // Ahead it is 8 + 2.25.
    expect(momentumElement(before, 6, { ...scalars, ahead: 0.25 })).toEqual({
      param: 2.875,
      momentum_buffer: 9,
    });
  });

  test('rounds each operation, and carries what the buffer is off', () => {
    const gradient = EPS * (2 + 8) + 3 * FLUSH;
    const buffer = 0.5 * 0.01 + 0.125 * gradient + EPS * (8 + 1 + 9) * SECOND_ORDER + 5 * FLUSH;
    const param = (0.5 * buffer + EPS * (4.5 + 3.5)) * SECOND_ORDER + 3.5 * FLUSH;
    const bound = momentumBound(before, 6, scalars, 0.01);
    expect([bound.momentum_buffer, bound.param]).toEqual(near(buffer, param));
    const along = gradient + 0.25 * buffer + EPS * (2.25 + 8 + 10.25) + 3 * FLUSH;
    const ahead = momentumBound(before, 6, { ...scalars, ahead: 0.25 }, 0.01);
    expect(ahead.param).toBeCloseTo(
      (0.5 * along + EPS * (5.125 + 2.875)) * SECOND_ORDER + 3.5 * FLUSH,
      20,
    );
  });

  test('may lose what is flushed of zeros', () => {
    const zero = { param: 0, momentum_buffer: 0 };
    const { param, momentum_buffer } = momentumBound(zero, 0, scalars, 0);
    expect(momentum_buffer / FLUSH).toBe(0.125 * 3 + 5);
    expect(param / FLUSH).toBeCloseTo(0.5 * 5.375 * SECOND_ORDER + 3.5, 12);
    const plain = momentumBound(zero, 0, { ...scalars, l2: 0 }, 0);
    expect(plain.momentum_buffer / FLUSH).toBe(5);
  });
});

test('a buffer in float16 has that unit of rounding, and no bound beyond its range', () => {
  const plain = { lr: 0.5, l2: 0, keep: 0.5, gain: 1, ahead: undefined };
  const boundAt = (grad: number, momentum_buffer = 0, l2 = 0) =>
    momentumBound({ param: 1, momentum_buffer }, grad, { ...plain, l2 }, 0, IN_HALVES.f16);
  const { eps, flush } = IN_HALVES.f16;
  const buffer = eps * (4 + 4) * SECOND_ORDER + 5 * flush;
  const param = (0.5 * buffer + eps * (2 + 1)) * SECOND_ORDER + 3.5 * flush;
  const { momentum_buffer, param: moved } = boundAt(4);
  expect([momentum_buffer, moved]).toEqual([expect.closeTo(buffer, 15), expect.closeTo(param, 15)]);
  expect(boundAt(60_000, 10_000).momentum_buffer).toBeLessThan(1000);
  expect(boundAt(60_000, -12_000).momentum_buffer).toBe(Infinity);
  // The gain takes what was beyond the range back into it.
  const faint = { ...plain, l2: 1, gain: 0.5 };
  const beyond = { param: 10_000, momentum_buffer: 0 };
  expect(momentumBound(beyond, 60_000, faint, 0, IN_HALVES.f16).param).toBe(Infinity);
});
