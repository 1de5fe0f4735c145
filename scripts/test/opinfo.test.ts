import { expect, test } from 'vitest';

const { seedOf } = (await import(new URL('opinfo.mjs', import.meta.url).href)) as {
  seedOf: (commit: string) => number;
};

test('each commit draws by a seed of 32 bits of its own, and no commit by 0', () => {
  expect(seedOf('ffffffff00000000')).toBe(2 ** 32 - 1);
  expect(seedOf('0000001a9')).toBe(26);
  expect(seedOf('')).toBe(0);
});
