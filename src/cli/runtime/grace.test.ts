import { expect, test } from 'vitest';
import { InterruptedError } from '../exit.ts';
import { Grace } from './grace.ts';

const later = (ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, 'later'));

test('what is asked to end has a while for it, whether it was asked before or is meanwhile', async () => {
  using before = new Grace(AbortSignal.abort(), 20);
  await expect(before.over).rejects.toThrow(InterruptedError);
  const asked = new AbortController();
  using grace = new Grace(asked.signal, 20);
  expect(await Promise.race([grace.over, later(60)]), 'nothing was asked').toBe('later');
  asked.abort();
  await expect(grace.over).rejects.toThrow(/did not end within 0\.02 s/);
});

test('what has ended is not late', async () => {
  const asked = new AbortController();
  const graces = [new Grace(asked.signal, 20), new Grace(asked.signal, 20)];
  graces[0]?.[Symbol.dispose]();
  asked.abort();
  graces[1]?.[Symbol.dispose]();
  expect(await Promise.race([...graces.map(({ over }) => over), later(60)])).toBe('later');
});
