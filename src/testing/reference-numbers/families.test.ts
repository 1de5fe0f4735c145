import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { records } from '../../reference/registry.ts';

const families = new Set([...records.values()].map(({ family }) => family));

test('every family has its numbers held', () => {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
  expect(files).toEqual(expect.arrayContaining(Array.from(families, (one) => `${one}.test.ts`)));
  expect(families.size).toBeGreaterThan(5);
});

test('every family has what it launches held', () => {
  const held = (family: string) =>
    existsSync(fileURLToPath(new URL(`../../ops/${family}/samples.test.ts`, import.meta.url)));
  expect([...families].filter((family) => !held(family))).toEqual([]);
});
