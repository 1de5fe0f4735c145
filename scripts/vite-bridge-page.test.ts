import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withBridge } from './vite-bridge-page.ts';

const page = readFileSync('index.html', 'utf8');

test('only the page for a bridge may ask loopback, and nothing else differs', () => {
  expect(page).not.toContain('127.0.0.1');
  const changed = withBridge(page);
  expect(changed).toContain("connect-src 'self' http://127.0.0.1:*;");
  expect(changed.replace(' http://127.0.0.1:*', '')).toBe(page);
});

test('a page whose policy has moved is refused', () => {
  expect(() => withBridge(page.replace("connect-src 'self'", 'connect-src *'))).toThrow(
    'connect-src',
  );
});
