import { expect, test } from 'vitest';
import { splitText, TextTooShortError } from './text.ts';

test.each([
  [4096, 3687],
  [4099, 3690],
  [40960, 36864],
])('of %i bytes the last tenth is held out', (bytes, end) => {
  const text = Uint8Array.from({ length: bytes }, (_, i) => i % 251);
  const { train, heldout } = splitText(text, 0.1);
  expect(train.length).toBe(end);
  expect([...train, ...heldout]).toEqual([...text]);
});

test('a text under 4 KiB is refused in one line that says how long it is', () => {
  expect(() => splitText(new Uint8Array(4096), 0.1)).not.toThrow();
  expect(() => splitText(new Uint8Array(4095), 0.1)).toThrow(TextTooShortError);
  expect(() => splitText(new Uint8Array(0), 0.1)).toThrow(/^the text has 0 bytes [^\n]+$/);
});
