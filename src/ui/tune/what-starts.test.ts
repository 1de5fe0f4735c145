import { expect, test } from 'vitest';
import type { Inspection } from './tuning-choice.ts';
import { whatStarts } from './what-starts.ts';

/** What was found of a choice, as far as the sentence asks. */
const found = (config: object) =>
  ({
    reading: false,
    found: { request: { config, texts: [[1], [2]], steps: 3 } },
    forecast: { total: 5e6 },
  }) as unknown as Inspection;

test.each([
  [{ type: 'full' }, false, true],
  [{ type: 'full' }, true, false],
  [{ type: 'lora', adapter: {} }, false, false],
  [{ type: 'bnb_llama_pro', expansionRate: 0.1 }, false, false],
])('%j, on the reference %s: says that what it was is gone: %s', (config, onReference, says) => {
  const text = whatStarts({ kind: 'small' }, found(config), onReference);
  expect(text).toContain(config.type);
  expect(/no longer as it was/.test(text)).toBe(says);
});
