import { expect, test } from 'vitest';
import { result } from './fixtures/reports.ts';
import { reasonWords } from './reason.ts';

test('a reason says once which element is wrong, and what it is', () => {
  const at = { index: [64, 0], actual: 0, expected: -113 };
  const words = (message: string) =>
    reasonWords(
      result({
        id: 'a:b',
        status: 'fail',
        assertions: 1,
        error: { code: 'not-equal', message, at },
      }),
    );
  expect(words('too far')).toBe('not-equal: too far (at [64, 0]: 0, expected -113)');
  expect(words('y[64, 0] is 0 and should be -113')).toBe(
    'not-equal: y[64, 0] is 0 and should be -113',
  );
});
