import { expect, test } from 'vitest';
import { FormatError, quote } from './format-error.ts';

test('what a file says is quoted, escaped, and cut behind 80 characters', () => {
  expect(quote('a\nb')).toBe('"a\\nb"');
  const eighty = '0123456789'.repeat(8);
  expect(quote(eighty)).toBe(`"${eighty}"`);
  expect(quote(`${eighty}8`)).toBe(`"${eighty}..."`);
});

test('a file that is not what it claims to be has a code of its own', () => {
  expect(new FormatError('why')).toMatchObject({ code: 'bad-file', message: 'why' });
});
