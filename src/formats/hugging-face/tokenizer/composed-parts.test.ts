import fc from 'fast-check';
import { expect, test } from 'vitest';
import { composedParts } from './composed-parts.ts';

test('parts hold the whole text, and are composed by themselves', () => {
  const unit = fc.oneof(
    fc.constantFrom('\u1100', '\u1161', '\u11a8', '\uac00', '\u0301', '\u0323', 'a', ' ', '\ud800'),
    fc.constantFrom('\u09c7', '\u09be', '\u0cc6', '\u0cc2', '\u0cd5', '\u{110b1}', '\u{110ba}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
      const parts = composedParts(text);
      expect(parts.join('')).toBe(text);
      expect(parts.map((part) => part.normalize('NFC')).join('')).toBe(text.normalize('NFC'));
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test('every pair of characters that composes stands in one part', () => {
  let pairs = 0;
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const whole = String.fromCodePoint(code);
    const apart = whole.normalize('NFD');
    if (apart === whole || apart.normalize('NFC') !== whole) continue;
    pairs++;
    if (composedParts(apart).length !== 1)
      expect.fail(`U+${code.toString(16)} is made of several parts`);
  }
  expect(pairs).toBeGreaterThan(11_172);
});
