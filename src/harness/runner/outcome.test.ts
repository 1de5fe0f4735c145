import { expect, test } from 'vitest';
import { result } from '../../report/fixtures/reports.ts';
import type { CaseResult } from '../../report/schema.ts';
import { decisiveResult, withFlakiness } from './outcome.ts';

const ended = (status: 'fail' | 'lost' | 'timeout', attempts: number, code = 'wrong'): CaseResult =>
  result({
    ...{ id: 'a:b', status, assertions: 1, attempts },
    error: { code, message: `attempt ${attempts}` },
  });

test('what is cut off takes nothing back of what was found wrong last', () => {
  const failures = [ended('fail', 1), ended('timeout', 2), ended('lost', 3, 'worker-died')];
  // The second attempt, as the latest that was not cut off; it counts all that were made.
  const kept = { ...ended('timeout', 2), attempts: 4 };
  expect(decisiveResult(ended('lost', 4), failures)).toEqual(kept);
  expect(decisiveResult(ended('timeout', 4, 'run-deadline'), failures)).toEqual(kept);
});

test('what is cut off stands where nothing was found before', () => {
  const lost = ended('lost', 2);
  expect(decisiveResult(lost, [ended('timeout', 1, 'run-deadline')])).toBe(lost);
});

test('an attempt that came to its end decides', () => {
  const last = ended('timeout', 2);
  expect(decisiveResult(last, [ended('fail', 1)])).toBe(last);
});

test('a pass after failures tells how many there were, and the last of them', () => {
  const passed = result({ id: 'a:b', status: 'pass', assertions: 1 });
  const failures = [ended('fail', 1, 'first'), ended('timeout', 2, 'second')];
  expect(withFlakiness(passed, failures).finding).toEqual({
    code: 'flaky',
    message: 'passed after it had failed 2 times; second: attempt 2',
  });
});
