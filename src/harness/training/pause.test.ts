import { expect, test } from 'vitest';
import { Pause } from './pause.ts';

/** What a run that follows is told, and how it stops to follow. */
function follow(pause: Pause): { readonly told: readonly boolean[]; readonly leave: () => void } {
  const told: boolean[] = [];
  return { told, leave: pause.follow((on) => told.push(on)) };
}

test('a run is told of every change while it follows', () => {
  const pause = new Pause();
  const { told, leave } = follow(pause);
  expect([pause.on, told]).toEqual([false, []]);
  pause.on = true;
  expect([pause.on, told]).toEqual([true, [true]]);
  pause.on = false;
  expect([pause.on, told]).toEqual([false, [true, false]]);
  leave();
  pause.on = true;
  expect([pause.on, told]).toEqual([true, [true, false]]);
});

test('a run that begins while it is on is told so at once', () => {
  const pause = new Pause();
  pause.on = true;
  expect(follow(pause).told).toEqual([true]);
});
