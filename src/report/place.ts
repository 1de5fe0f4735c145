import type { Environment } from './schema.ts';

const VENDORS: Readonly<Record<string, string>> = {
  amd: 'AMD',
  apple: 'Apple',
  arm: 'Arm',
  'img-tec': 'Imagination',
  intel: 'Intel',
  microsoft: 'Microsoft',
  nvidia: 'NVIDIA',
  qualcomm: 'Qualcomm',
  samsung: 'Samsung',
};

const RUNTIMES: Readonly<Record<string, string>> = {
  chromium: 'Chromium',
  edge: 'Edge',
  firefox: 'Firefox',
  safari: 'Safari',
  node: 'Node.js',
  deno: 'Deno',
};

/**
 * "Apple" for `apple`, which is how an adapter names its vendor; undefined for one that is not
 * known.
 */
export function makerName(vendor: string): string | undefined {
  return VENDORS[vendor.toLowerCase()];
}

/** "Apple M2", or as much of it as the adapter tells; an empty text where it tells nothing. */
export function chipName({
  vendor,
  architecture,
  device,
  description,
}: Environment['adapter']): string {
  // Dawn in Node describes some adapters by their driver's versions alone, "NVIDIA: 580.159.04".
  if (description && !/^[^:]+:[\s\d.]+$/.test(description)) return description;
  const named = device.startsWith(`${vendor}-`) ? device.slice(vendor.length + 1) : device;
  const model = named && !named.startsWith('0x') ? named : architecture;
  return [makerName(vendor) ?? vendor, model].filter(Boolean).join(' ');
}

/** "Chrome 156": the browser's own name where it tells one, and its major version. */
export function browserWords(runtime: string, version: string, brand?: string): string {
  return `${brand ?? RUNTIMES[runtime] ?? runtime} ${version.replace(/\..*/s, '')}`.trim();
}

/**
 * "Apple M2 (Chromium 156)": where a run took place, short enough for a badge. `device` is what a
 * person calls it, since browsers hide most of the name; a processor that stands in for a graphics
 * chip is called one all the same.
 */
export function placeWords(
  { adapter, runtime, runtimeVersion }: Environment,
  device?: string,
): string {
  const chip = adapter.isFallback ? 'a processor' : chipName(adapter) || 'an unnamed graphics chip';
  const named = device && adapter.isFallback ? `${device}, a processor` : device;
  return `${named || chip} (${browserWords(runtime, runtimeVersion)})`;
}

/** Where a report's results come from: each place once, however many environments name it. */
export function placesWords(environments: readonly Environment[], device?: string): string {
  return [...new Set(environments.map((one) => placeWords(one, device)))].join(', ');
}

/**
 * Whether two environments are the same adapter in the same browser or runtime, of whatever
 * version.
 */
export function isSamePlace(
  a: Pick<Environment, 'adapter' | 'runtime'>,
  b: Pick<Environment, 'adapter' | 'runtime'>,
): boolean {
  const told = Object.keys(a.adapter) as (keyof Environment['adapter'])[];
  return a.runtime === b.runtime && told.every((key) => a.adapter[key] === b.adapter[key]);
}
