import { describe, expect, test } from 'vitest';
import { DEFAULT_TRAINING, type TrainingConfig } from './config.ts';
import { forecastBytes } from './forecast.ts';

/** Linears of 6 -> 4 and 4 -> 8 with adapters of one rank. */
const SMALL: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: {
    ...DEFAULT_TRAINING.model,
    vocab: 8,
    embedding: 2,
    context: 3,
    hidden: [4],
    blocksize: 8,
    r: 1,
  },
  steps: 5,
  batchSize: 2,
  lossEvery: 1,
  capture: false,
};
const bytesOf = (change: Partial<TrainingConfig> = {}, heldout = 7, batch = 4) =>
  forecastBytes({ ...SMALL, ...change }, heldout, batch);

describe('the memory that a run will need', () => {
  test('grows by what is kept of each step, context and weight', () => {
    const base = bytesOf();
    // A loss and a rate of four bytes each.
    expect(bytesOf({ steps: 6 }) - base).toBe(8);
    // A held-out context is three tokens, a label and, of every fourth, a loss.
    expect(bytesOf({}, 8) - base).toBe(16);
    expect(bytesOf({}, 9) - base).toBe(2 * 16 + 4);
  });

  test('has the widest gradients, be they those of a linear between', () => {
    // Eight columns more are 16 activations of a context and two gradients of 8, of four bytes.
    const wide = (width: number, batchSize: number) =>
      bytesOf({ batchSize, model: { ...SMALL.model, hidden: [width] } }, 1, 1);
    const byContext = (width: number) => wide(width, 200) - wide(width, 199);
    expect(byContext(48) - byContext(40)).toBe((2 * 8 + 2 * 8) * 4);
  });

  test('is rounded up to whole bytes', () => {
    // 70 weights have 17.5 bytes of scales in blocks of 16, and 8 in blocks of 35.
    const scaledBy = (blocksize: number) =>
      bytesOf({ model: { ...SMALL.model, hidden: [5], blocksize } });
    expect(scaledBy(16) - scaledBy(35)).toBe(10);
  });

  test('is what was reckoned of the run of the main job, and of others like it', () => {
    const { optimizer } = SMALL;
    expect({
      small: bytesOf(),
      larger: bytesOf({ batchSize: 64 }),
      widerHeldout: bytesOf({}, 90, 50),
      captured: bytesOf({ capture: true }),
      float16: bytesOf({ autocast: 'float16', grad_scaler: {} }),
      bfloat16: bytesOf({ autocast: 'bfloat16', capture: true, batchSize: 33 }),
      sgd: bytesOf({ optimizer: { ...optimizer, optimizer: 'sgd', lr: 0.1 }, grad_scaler: {} }),
      seldom: bytesOf({ lossEvery: 500, batchSize: 16 }),
      never: bytesOf({ lossEvery: 1_000_000 }),
      neverInHalves: bytesOf({ lossEvery: 1_000_000, autocast: 'float16' }),
      largeCaptured: bytesOf({ capture: true, batchSize: 20_000 }),
      fewHeldout: bytesOf({}, 30, 50),
      highRank: bytesOf({ model: { ...SMALL.model, r: 768 } }),
      main: forecastBytes(DEFAULT_TRAINING, 4096, 512),
    }).toMatchSnapshot();
  });
});
