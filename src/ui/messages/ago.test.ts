import { expect, test } from 'vitest';
import { ago } from './ago.ts';

const MINUTE = 60_000;

test.each([
  [0, '1 second ago', 'vor 1 Sekunde'],
  [59_400, '59 seconds ago', 'vor 59 Sekunden'],
  [5 * MINUTE, '5 minutes ago', 'vor 5 Minuten'],
  [119 * MINUTE, '2 hours ago', 'vor 2 Stunden'],
  [49 * 60 * MINUTE, '2 days ago', 'vor 2 Tagen'],
])('%s milliseconds are told as an age', (ms, english, german) => {
  expect([ago('en')(ms), ago('de')(ms)]).toEqual([english, german]);
});
