import { expect, test } from 'vitest';
import { counted } from './counted.ts';

test('only one thing is singular', () => {
  expect([0, 1, 2].map((n) => counted(n, 'case'))).toEqual(['0 cases', '1 case', '2 cases']);
  expect(counted(2, 'case is', 'cases are')).toBe('2 cases are');
});
