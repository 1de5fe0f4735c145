import { afterEach, expect, test, vi } from 'vitest';
import { checkedBase, shareBaseOf } from './share-base.ts';

afterEach(() => vi.unstubAllEnvs());

test('links lead where the option says, else the environment, else to this computer', () => {
  vi.stubEnv('GRADPROOF_SHARE_BASE', '');
  expect(shareBaseOf(undefined)).toEqual({ url: 'http://localhost:7357/', isPublic: false });
  vi.stubEnv('GRADPROOF_SHARE_BASE', 'https://example.org/gradproof');
  expect(shareBaseOf(undefined)).toEqual({ url: 'https://example.org/gradproof', isPublic: true });
  expect(shareBaseOf('https://other.example/').url).toBe('https://other.example/');
  vi.stubEnv('GRADPROOF_SHARE_BASE', 'example.org');
  expect(() => shareBaseOf(undefined)).toThrow(/^GRADPROOF_SHARE_BASE "example\.org": must be/);
});

test.each([
  '',
  'example.org',
  'ftp://example.org/',
  'https://example.org/?a',
  'https://example.org/#b',
  'https://me@example.org/',
  'javascript:alert(1)',
])('"%s" is no address of a page', (text) => {
  expect(() => checkedBase('--share-base', text)).toThrow(/--share-base ".*": must be the address/);
});
