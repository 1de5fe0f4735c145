import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { records } from '../../reference/registry.ts';

test('every family has its numbers held', () => {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
  const families = new Set([...records.values()].map(({ family }) => `${family}.test.ts`));
  expect(files).toEqual(expect.arrayContaining([...families]));
  expect(families.size).toBeGreaterThan(5);
});
