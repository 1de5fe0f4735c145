import type { RuntimeDescription } from './worker/environment.ts';

/**
 * The browsers told apart by their user-agent string, in an order in which the first match is
 * right.
 */
const BROWSERS: readonly (readonly [name: string, version: RegExp])[] = [
  ['edge', /Edg\/([\d.]+)/],
  ['firefox', /Firefox\/([\d.]+)/],
  ['chromium', /Chrome\/([\d.]+)/],
  ['safari', /Version\/([\d.]+).*Safari/],
];

/** Name and version of the browser, operating system and cores, as far as the browser tells. */
export function describeBrowser({
  userAgent,
  hardwareConcurrency,
}: Pick<Navigator, 'userAgent' | 'hardwareConcurrency'>): RuntimeDescription {
  const found = BROWSERS.map(
    ([name, version]) => [name, version.exec(userAgent)?.[1]] as const,
  ).find(([, version]) => version);
  return {
    runtime: found?.[0] ?? 'browser',
    runtimeVersion: found?.[1] ?? 'unknown',
    os: /\(([^)]*)\)/.exec(userAgent)?.[1] ?? 'unknown',
    cores: hardwareConcurrency ?? 1,
  };
}
