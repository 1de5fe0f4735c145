import { expect, test } from 'vitest';
import { policyOf, withPrecache } from './vite-service-worker.ts';

test('the list of files has one place in the worker', () => {
  expect(withPrecache('const { files } = __PRECACHE__;', { files: [] })).toBe(
    'const { files } = {"files":[]};',
  );
  for (const code of ['', '__PRECACHE__ __PRECACHE__'])
    expect(() => withPrecache(code, {})).toThrow('__PRECACHE__ once');
});

test('a page without a policy is not kept', () => {
  const html = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'" />';
  expect(policyOf(html)).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(() => policyOf('<html></html>')).toThrow('Content-Security-Policy');
});
