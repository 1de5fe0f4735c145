import { expect, test } from 'vitest';
import { Later } from './later.ts';

test('is made when it is first asked for, and once', async () => {
  let times = 0;
  const later = new Later(async () => ({ number: ++times }));
  expect(later.made).toBeUndefined();
  const [first, second] = await Promise.all([later.get(), later.get()]);
  expect(first).toBe(second);
  expect(later.made).toBe(first);
  expect(await later.get()).toEqual({ number: 1 });
});

test('what could not be made is tried again', async () => {
  const answers = [() => Promise.reject(new Error('no network')), async () => 'there'];
  const later = new Later(() => answers.shift()?.() ?? Promise.reject(new Error('too often')));
  await expect(later.get()).rejects.toThrow('no network');
  expect(later.made).toBeUndefined();
  expect(await later.get()).toBe('there');
});
