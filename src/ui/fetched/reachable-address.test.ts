import { expect, test } from 'vitest';
import { reachableAddress } from './reachable-address.ts';

const OWN = 'http://localhost:7357/?view=train';
const at = (text: string, relayed?: string) => reachableAddress(text, OWN, relayed);

test.each([
  ['models/tiny', 'http://localhost:7357/models/tiny/'],
  [' http://localhost:7357/a/m.gguf ', 'http://localhost:7357/a/m.gguf'],
])('what the page’s own server has is asked there: %s', (text, address) => {
  expect(at(text)).toEqual({ address, asked: address });
});

test('what the named server has goes through the page’s own', () => {
  const { address, asked } = at('https://example.org/a/resolve/main', 'https://example.org');
  expect(address).toBe('https://example.org/a/resolve/main/');
  expect(asked).toBe('http://localhost:7357/model-server/a/resolve/main/');
});

test.each([
  ['https://example.org/m', undefined, 'npm start -- --model-server https://example.org lets'],
  ['https://example.org.evil.net/m', 'https://example.org', 'is not the server of this page'],
  ['https://example.org:8443/m', 'https://example.org', 'is not the server of this page'],
  ['http://example.org/m', 'https://example.org', 'is asked by https alone'],
  ['https://me:secret@example.org/m', 'https://example.org', 'a name and a password'],
])('%s is refused', (text, relayed, says) => {
  expect(() => at(text, relayed)).toThrow(says);
});
