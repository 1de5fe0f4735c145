import { expect, test } from 'vitest';
import { scheduledRate } from './lr_schedule.ts';

test('a warm-up rises from 0 to what follows it', () => {
  const factors = [0, 1, 2, 3, 4, 5].map((step) =>
    scheduledRate(1, { name: 'linear', warmup: 2, total: 4 }, step),
  );
  expect(factors).toEqual([0, 0.5, 1, 0.5, 0, 0]);
});

test('constant needs no total, the others do', () => {
  expect(scheduledRate(1, { name: 'constant', warmup: 4 }, 3)).toBe(0.75);
  expect(scheduledRate(1, { name: 'constant', warmup: 4 }, 100)).toBe(1);
  expect(() => scheduledRate(1, { name: 'cosine' }, 0)).toThrow(/give it as total/);
  expect(() => scheduledRate(1, { name: 'linear', warmup: 1 }, 1)).toThrow(/give it as total/);
});

test('a cosine goes from 1 to 0 over half a period, or over as many as it is told', () => {
  const factorsOf = (num_cycles?: number) =>
    [1, 2, 3, 4, 5].map((step) =>
      scheduledRate(
        1,
        { name: 'cosine', warmup: 1, total: 5, ...(num_cycles && { num_cycles }) },
        step,
      ),
    );
  const close = (expected: readonly number[]) => expected.map((x) => expect.closeTo(x, 12));
  expect(factorsOf()).toEqual(close([1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2, 0]));
  expect(factorsOf(1)).toEqual(close([1, 0.5, 0, 0.5, 1]));
});

test('a schedule without steps between warm-up and end falls at once', () => {
  expect(scheduledRate(1, { name: 'linear', warmup: 4, total: 4 }, 4)).toBe(0);
  expect(scheduledRate(1, { name: 'linear', warmup: 4, total: 3 }, 5)).toBe(0);
  expect(scheduledRate(1, { name: 'cosine', warmup: 4, total: 4 }, 4)).toBe(1);
  // With one step between them it falls behind that step.
  expect(scheduledRate(1, { name: 'linear', warmup: 4, total: 5 }, 4)).toBe(1);
});
