import { expect, test } from 'vitest';
import { numberNow } from '../vocabulary/live-number.ts';
import { RandomState } from './random-state.ts';

const offsetOf = (state: RandomState, counters: number) => {
  const { offset } = state.take(counters);
  return () => numberNow(offset);
};

test('ops take positions one after the other, and move on with the steps', () => {
  const state = new RandomState(7);
  expect(state.take(3).seed).toBe(7);
  const second = offsetOf(state, 2);
  expect([second(), state.position, state.base]).toEqual([3, 5, 0]);
  state.advance();
  expect([second(), state.position, state.base]).toEqual([8, 5, 5]);
  state.advance(4);
  expect([second(), state.base]).toEqual([12, 9]);
  state.begin();
  expect([state.position, offsetOf(state, 1)()]).toEqual([0, 9]);
});

test('a state goes on from where another was', () => {
  const state = new RandomState(7);
  state.take(2);
  state.base = 20;
  expect([state.base, offsetOf(state, 1)()]).toEqual([20, 22]);
});

test('a part may be computed again from where it was, and what follows is where it would be', () => {
  const state = new RandomState(7);
  state.take(1);
  const start = state.position;
  const first = offsetOf(state, 4)();
  state.take(3);
  let again = -1;
  state.from(start, () => {
    again = offsetOf(state, 4)();
  });
  expect([again, state.position]).toEqual([first, 8]);
  const failing = () => {
    throw new Error('no memory');
  };
  expect(() => state.from(start, failing)).toThrow('no memory');
  expect(state.position).toBe(8);
});
