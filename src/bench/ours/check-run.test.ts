import { expect, test } from 'vitest';
import { checkRun } from './check-run.ts';

const HELD = { steps: 20, peakBytes: 100 };

test('a run may take what it is held to, and must learn', () => {
  expect(() => checkRun(HELD, 100, undefined)).not.toThrow();
  expect(() => checkRun(HELD, 100, { firstLoss: 2, lastLoss: 1.9 })).not.toThrow();
  expect(() => checkRun(HELD, 101, undefined)).toThrow(
    '20 steps take 101 bytes at once, and may take 100',
  );
  for (const lastLoss of [2, 2.1, Number.NaN])
    expect(() => checkRun(HELD, 1, { firstLoss: 2, lastLoss })).toThrow(
      `the loss went from 2 to ${lastLoss} in 20 steps`,
    );
});
