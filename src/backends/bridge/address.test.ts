import { expect, test } from 'vitest';
import { bridgeOrigin, parseBridgeFragment } from './address.ts';

const TOKEN = 'a-token_of-20-letters';

test.each([1, 2, 80, 65_535])('port %d is one', (port) => {
  expect(parseBridgeFragment(`#bridge=${port}.${TOKEN}`)).toEqual({ port, token: TOKEN });
});

test.each([
  `#bridge=0.${TOKEN}`,
  `#bridge=65536.${TOKEN}`,
  `#bridge=-1.${TOKEN}`,
  `#bridge=.${TOKEN}`,
  `bridge=80.${TOKEN}`,
  `#bridge=80.${'a'.repeat(19)}`,
  `#bridge=80.${'a'.repeat(101)}`,
  `#bridge=80.${TOKEN}/`,
  '',
])('%s names no bridge', (fragment) => {
  expect(parseBridgeFragment(fragment)).toBeUndefined();
});

test('a token has 20 letters to 100, and a bridge answers on this computer alone', () => {
  for (const length of [20, 100])
    expect(parseBridgeFragment(`#bridge=80.${'a'.repeat(length)}`)?.token).toHaveLength(length);
  expect(bridgeOrigin({ port: 80 })).toBe('http://127.0.0.1:80');
});
