import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../../../formats/format-error.ts';
import type { CaseOutcome } from '../../../harness/worker/messages.ts';
import { howOfThrown, redOfCase, thrownInTest } from './how.ts';

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

test('a failed expectation kills by assertion', () => {
  expect(howOfThrown(thrownBy(() => expect(1).toBe(2)))).toBe('assertion');
});

test('a stated refusal of the project kills as an assertion does', () => {
  expect(howOfThrown(new FormatError('the file ends'))).toBe('assertion');
});

test('what was thrown without a message is an exception that says so', () => {
  const thrown = thrownInTest({});
  expect([howOfThrown(thrown), thrown.message]).toEqual([
    'exception',
    'what was thrown has no message',
  ]);
  expect(thrownInTest({ name: 'RangeError', message: 'too far' })).toEqual({
    name: 'RangeError',
    message: 'too far',
  });
});

test('a property that does not hold kills by what was thrown in it', () => {
  const fails = (property: (x: number) => boolean | undefined) =>
    thrownBy(() => fc.assert(fc.property(fc.integer(), property)));
  const throws = () => {
    throw new TypeError('is not a function');
  };
  expect(howOfThrown(fails(() => false))).toBe('assertion');
  expect(howOfThrown(fails(() => void expect(1).toBe(2)))).toBe('assertion');
  expect(howOfThrown(fails(throws))).toBe('exception');
});

test('what the language or Node throws is another exception', () => {
  expect(howOfThrown(thrownBy(() => (undefined as unknown as string).length))).toBe('exception');
  expect(howOfThrown({ name: 'Error', message: 'no such file', code: 'ENOENT' })).toBe('exception');
});

test('a test that ran past its limit is told apart', () => {
  expect(howOfThrown({ name: 'Error', message: 'Test timed out in 120000ms.\n...' })).toBe(
    'timeout',
  );
});

const passed: CaseOutcome = {
  id: 'math.add:exact',
  suite: 'math.add',
  backend: 'webgpu',
  covers: [],
  tier: 'quick',
  status: 'pass',
  durationMs: 1,
  assertions: 1,
  kernels: [],
  control: { fault: 'the sum is off by one', status: 'red' },
};

test('a case that passes says nothing, unless its control stayed green', () => {
  expect(redOfCase(passed)).toBeUndefined();
  expect(redOfCase({ ...passed, status: 'skip' })).toBeUndefined();
  const green = { fault: 'the sum is off by one', status: 'green' } as const;
  expect(redOfCase({ ...passed, control: green })).toEqual({
    how: 'assertion',
    by: 'case math.add:exact',
    detail: 'its control stayed green: the sum is off by one',
  });
});

test.each([
  ['fail', 'mismatch', 'assertion'],
  ['error', 'shape', 'assertion'],
  ['error', 'exception', 'exception'],
  ['error', 'gpu-validation', 'exception'],
  ['lost', 'device-lost', 'exception'],
  ['timeout', 'timeout', 'timeout'],
] as const)('a case that ends as %s with %s kills by %s', (status, code, how) => {
  const outcome = { ...passed, status, error: { code, message: 'what it says' } };
  expect(redOfCase(outcome)).toEqual({
    how,
    by: 'case math.add:exact',
    detail: `${code}: what it says`,
  });
});

test('a value that is not the one that was kept kills by assertion', () => {
  const message = 'Snapshot `the weights of a seed stay what they are > mlp 1` mismatched';
  expect(howOfThrown({ name: 'Error', message })).toBe('assertion');
});
