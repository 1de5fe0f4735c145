import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('a task that meets a closed gate goes on when it is opened, and not before', async () => {
  const gate = new Gate();
  expect(gate.opened).toBeUndefined();
  gate.closed = true;
  let passed = false;
  const passing = gate.opened?.then(() => {
    passed = true;
  });
  // To close it again makes no other of it.
  gate.closed = true;
  await Promise.resolve();
  expect([gate.closed, passed]).toEqual([true, false]);
  gate.closed = false;
  await passing;
  expect([gate.closed, passed, gate.opened]).toEqual([false, true, undefined]);
});
