import { expect, test } from 'vitest';
import { rateFactor } from './lr_schedule.ts';

test('a warm-up rises from 0 to what follows it', () => {
  const factors = [0, 1, 2, 3, 4, 5].map((step) =>
    rateFactor({ name: 'linear', warmup: 2, total: 4 }, step),
  );
  expect(factors).toEqual([0, 0.5, 1, 0.5, 0, 0]);
});

test('constant needs no total, the others do', () => {
  expect(rateFactor({ name: 'constant', warmup: 4 }, 3)).toBe(0.75);
  expect(rateFactor({ name: 'constant', warmup: 4 }, 100)).toBe(1);
  expect(() => rateFactor({ name: 'cosine' }, 0)).toThrow(/give it as total/);
  expect(() => rateFactor({ name: 'linear', warmup: 1 }, 1)).toThrow(/give it as total/);
});
