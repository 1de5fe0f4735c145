import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unigramEntropy } from './unigram.ts';

test('counts with a half added, in nats', () => {
  // 3 a, 1 b: p(a) = 3.5 / 132, p(b) = 1.5 / 132, p(unseen) = 0.5 / 132.
  const train = new TextEncoder().encode('aaba');
  const of = (text: string) => unigramEntropy(train, new TextEncoder().encode(text));
  expect(of('a')).toBeCloseTo(Math.log(132 / 3.5), 12);
  expect(of('b')).toBeCloseTo(Math.log(132 / 1.5), 12);
  expect(of('z')).toBeCloseTo(Math.log(132 / 0.5), 12);
  expect(of('ab')).toBeCloseTo((Math.log(132 / 3.5) + Math.log(132 / 1.5)) / 2, 12);
});

test('all byte values equally often give ln 256', () => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
  expect(unigramEntropy(bytes, bytes)).toBeCloseTo(Math.log(256), 12);
});

test('is a cross-entropy: never below the entropy of the targets', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      (train, targets) => {
        const share = (byte: number) => targets.filter((b) => b === byte).length / targets.length;
        const entropy = [...new Set(targets)].reduce(
          (sum, byte) => sum - share(byte) * Math.log(share(byte)),
          0,
        );
        expect(unigramEntropy(train, targets)).toBeGreaterThanOrEqual(entropy - 1e-12);
      },
    ),
  );
});
