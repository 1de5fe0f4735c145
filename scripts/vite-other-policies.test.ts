import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OTHERS, withPolicy } from './vite-other-policies.ts';

const page = readFileSync('index.html', 'utf8');

test('only the page for a bridge may ask loopback, and nothing else differs', () => {
  expect(page).not.toContain('127.0.0.1');
  const changed = withPolicy(page, OTHERS['bridge.html']);
  expect(changed).toContain("connect-src 'self' http://127.0.0.1:*;");
  expect(changed.replace(' http://127.0.0.1:*', '')).toBe(page);
});

test('only the page of a bench may have a frame, of its own origin, and nothing else differs', () => {
  expect(page).not.toMatch(/frame-src|child-src/);
  const changed = withPolicy(page, OTHERS['bench.html']);
  expect(changed).toContain("default-src 'none'; frame-src 'self'; script-src 'self';");
  expect(changed.replace(" frame-src 'self';", '')).toBe(page);
});

test('a page whose policy has moved is refused', () => {
  const moved = page.replace("connect-src 'self'", 'connect-src *');
  expect(() => withPolicy(moved, OTHERS['bridge.html'])).toThrow('connect-src');
});
