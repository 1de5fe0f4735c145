import { expect, test } from 'vitest';
import { pageShareBase } from './share-base.ts';

const at = (href: string) => ({ href, hostname: new URL(href).hostname });
const COOKIE = `a=b; gradproof-share-base=${encodeURIComponent('https://example.org/g/')}`;

test('a link leads to the page itself, which others can open unless it is served on loopback', () => {
  expect(pageShareBase(at('https://example.org/gradproof/?view=train#x'), '')).toEqual({
    url: 'https://example.org/gradproof/',
    isPublic: true,
  });
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    expect(pageShareBase(at(`http://${host}:7357/?tier=full`), 'a=b')).toEqual({
      url: `http://${host}:7357/`,
      isPublic: false,
    });
});

test('the server of this computer says where the page is for others', () => {
  expect(pageShareBase(at('http://localhost:7357/'), COOKIE)).toEqual({
    url: 'https://example.org/g/',
    isPublic: true,
  });
  const elsewhere = pageShareBase(at('https://host.example/'), COOKIE);
  expect(elsewhere.url, 'another host does not').toBe('https://host.example/');
  for (const bad of ['javascript:alert(1)', 'nothing', ''])
    expect(
      pageShareBase(at('http://localhost:7357/'), `gradproof-share-base=${bad}`).isPublic,
    ).toBe(false);
});
