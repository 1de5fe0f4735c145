import { expect, test } from 'vitest';
import { DEFAULT_BYTE_MODEL } from './config.ts';

test('the model of the main job is that of its documents', () => {
  expect(DEFAULT_BYTE_MODEL).toEqual({
    ...{ vocab: 256, embedding: 32, context: 16, hidden: [256, 256] },
    ...{ hiddenGain: 1.6, headGain: 0.25, quantType: 'nf4', blocksize: 64, r: 8, alpha: 16 },
  });
});
