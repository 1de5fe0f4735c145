import { expect, test } from 'vitest';
import { result } from './fixtures/reports.ts';
import { reasonOf, reasonWords } from './reason.ts';
import type { CaseResult } from './schema.ts';

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

test('a reason is the error, why it was skipped, a control that stayed green, or what was found', () => {
  const of = (over: Partial<CaseResult>) =>
    reasonOf(result({ id: 'a:b', status: 'pass', assertions: 1, ...over }));
  const error = { code: 'e', message: 'error' };
  const skip = { code: 's', detail: 'skipped' };
  const finding = { code: 'f', message: 'found' };
  const green = { fault: 'it is broken', status: 'green' } as const;
  expect(of({ error, skip, finding, control: green })).toEqual(error);
  expect(of({ skip, finding, control: green })).toEqual({ code: 's', message: 'skipped' });
  expect(of({ finding, control: green })).toEqual({
    code: 'control-green',
    message: 'did not fail when it is broken',
  });
  expect(of({ finding, control: { ...green, status: 'red' } })).toEqual(finding);
  expect(of({ finding, status: 'fail', control: green })).toEqual(finding);
  expect(of({ status: 'lost' })).toEqual({ code: 'lost', message: '' });
});

test('a finding tells its element too, where its message does not', () => {
  const at = { index: [3], actual: null, expected: 2 };
  const found = result({
    id: 'a:b',
    status: 'pass',
    assertions: 1,
    finding: { code: 'f', message: 'found', at },
  });
  expect(reasonWords(found)).toBe('f: found (at [3]: null, expected 2)');
  expect(reasonWords({ ...found, finding: { code: 'f', message: 'y[3] is null' } })).toBe(
    'f: y[3] is null',
  );
});
