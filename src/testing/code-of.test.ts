import { expect, test } from 'vitest';
import { GradproofError } from '../errors.ts';
import { codeOf } from './code-of.ts';

test('the code is that of an error of the project, and none where there is none', () => {
  const thrower = (error: Error) => () => {
    throw error;
  };
  let calls = 0;
  expect(codeOf(() => void calls++)).toBe('none');
  expect(calls).toBe(1);
  expect(codeOf(thrower(new GradproofError('too-far', 'it is')))).toBe('too-far');
  expect(() => codeOf(thrower(new TypeError('another')))).toThrow(new TypeError('another'));
});
