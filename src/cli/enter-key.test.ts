import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { expect, test } from 'vitest';
import { EnterKey } from './enter-key.ts';

/** A stream into which a test types. */
function typed(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const press = async () => {
    input.write('\n');
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { input, press, stream: input as unknown as ReadStream };
}

test('a press is told once, to the last listener, and to none after the end', async () => {
  const { input, press, stream } = typed(true);
  const pressed: string[] = [];
  {
    using enter = new EnterKey(stream);
    expect(input.isPaused()).toBe(false);
    enter.onPress(() => pressed.push('first'));
    await press();
    enter.onPress(() => pressed.push('second'));
    await press();
    enter.onPress(undefined);
    expect([pressed, input.isPaused()]).toEqual([['first', 'second'], true]);
    enter.onPress(() => pressed.push('third'));
    await press();
  }
  await press();
  expect([pressed, input.isPaused(), input.listenerCount('data')]).toEqual([
    ['first', 'second', 'third'],
    true,
    0,
  ]);
});

test('what is no terminal is not read', async () => {
  const { input, stream } = typed(false);
  using enter = new EnterKey(stream);
  enter.onPress(() => {});
  expect([enter.isThere, input.listenerCount('data')]).toEqual([false, 0]);
});
