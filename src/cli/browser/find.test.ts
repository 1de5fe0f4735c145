import { expect, test } from 'vitest';
import { findBrowsers, type SearchPlace } from './find.ts';

const place = (
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  installed: readonly string[],
): SearchPlace => ({
  platform,
  env,
  isExecutable: (path) => installed.includes(path),
});

test('finds what PATH names, Chrome before Chromium, each once', () => {
  const linux = place('linux', { PATH: '/home/me/bin:/usr/bin:relative' }, [
    '/usr/bin/chromium',
    '/home/me/bin/google-chrome',
  ]);
  expect(findBrowsers(linux)).toEqual([
    { name: 'Chrome', path: '/home/me/bin/google-chrome' },
    { name: 'Chromium', path: '/usr/bin/chromium' },
  ]);
});

test('looks where PATH does not lead', () => {
  expect(
    findBrowsers(place('linux', {}, ['/opt/microsoft/msedge/msedge'])).map(({ name }) => name),
  ).toEqual(['Edge']);
  const mac = '/Users/me/Applications/Chromium.app/Contents/MacOS/Chromium';
  expect(findBrowsers(place('darwin', { HOME: '/Users/me' }, [mac]))).toEqual([
    { name: 'Chromium', path: mac },
  ]);
  const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
  expect(
    findBrowsers(place('win32', { 'PROGRAMFILES(X86)': 'C:\\Program Files (x86)' }, [edge])),
  ).toEqual([{ name: 'Edge', path: edge }]);
});

test('takes the named browser and no other', () => {
  const named = place('linux', { PATH: '/usr/bin', GRADPROOF_BROWSER: '/opt/mine' }, [
    '/opt/mine',
    '/usr/bin/chromium',
  ]);
  expect(findBrowsers(named).map(({ path }) => path)).toEqual(['/opt/mine']);
  expect(findBrowsers({ ...named, isExecutable: (path) => path === '/usr/bin/chromium' })).toEqual(
    [],
  );
});
