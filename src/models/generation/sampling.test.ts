import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSampling, draw, type Sampling } from './sampling.ts';

/** Shares 1/8, 2/8, 5/8. */
const LOGITS = [Math.log(1), Math.log(2), Math.log(5)];
const drawn = (thresholds: readonly number[], sampling: Partial<Sampling> = {}, logits = LOGITS) =>
  thresholds.map((threshold) => draw(logits, { temperature: 1, ...sampling }, threshold));

describe('a token', () => {
  test('is drawn by the cumulated softmax', () => {
    expect(drawn([0, 0.124, 0.126, 0.374, 0.376, 0.999])).toEqual([0, 0, 1, 1, 2, 2]);
    // At half the temperature the shares are 1/30, 4/30, 25/30.
    expect(drawn([0.032, 0.034, 0.166, 0.168], { temperature: 0.5 })).toEqual([0, 1, 1, 2]);
  });

  test('is drawn of the likeliest alone, and of what is as likely', () => {
    expect(drawn([0, 0.28, 0.29, 0.999], { topK: 2 })).toEqual([1, 1, 2, 2]);
    expect(drawn([0, 0.999], { topK: 1 })).toEqual([2, 2]);
    expect(drawn([0, 0.34, 0.67, 0.999], { topK: 1 }, [3, 3, 1, 3])).toEqual([0, 1, 3, 3]);
    expect(drawn([0, 0.13], { topK: 9 })).toEqual([0, 1]);
  });

  test('is drawn of those that together have the probability', () => {
    expect(drawn([0, 0.999], { topP: 0.62 })).toEqual([2, 2]);
    expect(drawn([0, 0.28, 0.29], { topP: 0.63 })).toEqual([1, 1, 2]);
    expect(drawn([0], { topP: 0.88 })).toEqual([0]);
    // Of the two likeliest, 2/7 and 5/7, one has 5/7 already.
    expect(drawn([0], { topP: 0.71, topK: 2 })).toEqual([2]);
    expect(drawn([0], { topP: 0.72, topK: 2 })).toEqual([1]);
  });

  test('is drawn where a sum is passed at its very end, or by no number', () => {
    // Half of the sum belongs to the second.
    expect(drawn([0.5], {}, [0, 0])).toEqual([1]);
    // Rounding leaves nothing of the sum over for the last that has a share.
    expect(drawn([1 - 2 ** -53], {}, [-2, 0, -1, -1e4])).toEqual([2]);
    expect(drawn([0.5], {}, [Number.NaN, Number.NaN])).toEqual([0]);
  });

  test('has a probability, whatever the logits and the threshold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom({}, { topK: 3 }, { topP: 0.4 }, { topK: 5, topP: 0.9 }),
        (logits, threshold, kept) => {
          const index = draw(logits, { temperature: 0.5, ...kept }, threshold);
          const below = (logits[index] as number) - Math.max(...logits);
          expect(Math.exp(below / 0.5)).toBeGreaterThan(0);
        },
      ),
    );
  });
});

test.each([
  [{ temperature: 0 }, 'a temperature of 0 is not above 0'],
  [{ temperature: Number.POSITIVE_INFINITY }, 'a temperature of Infinity'],
  [{ temperature: Number.NaN }, 'a temperature of NaN'],
  [{ temperature: 1, topK: 0 }, 'topK is 0 and should be 1, 2, ...'],
  [{ temperature: 1, topK: 1.5 }, 'topK is 1.5'],
  [{ temperature: 1, topP: 0 }, 'topP is 0 and should be above 0, and at most 1'],
  [{ temperature: 1, topP: 1.1 }, 'topP is 1.1'],
])('%j is refused', (sampling, says) => {
  expect(() => checkSampling(sampling)).toThrow(
    expect.objectContaining({
      code: 'bad-sampling',
      message: expect.stringContaining(`sampling: ${says}`),
    }),
  );
});

test('what is in range is taken', () => {
  expect(() => checkSampling({ temperature: 0.1, topK: 1, topP: 1 })).not.toThrow();
});
