import type { Environment } from '../../harness/report/schema.ts';

/** What words need of an adapter. */
export type AdapterFacts = Environment['adapter'];

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

/** "Apple M2 through Metal": the graphics chip and the system's interface to it, as far as the browser tells. */
export function adapterWords(adapter: AdapterFacts, os: string, chip?: string): string {
  if (adapter.isFallback) return 'the processor, standing in for a graphics chip';
  return `${chip ?? chipName(adapter)} through ${graphicsInterface(os)}`;
}

/** "Apple M2", or as much of it as the adapter tells. */
export function chipName({ vendor, architecture, device, description }: AdapterFacts): string {
  if (description) return description;
  const maker = VENDORS[vendor.toLowerCase()] ?? vendor;
  const model = device && !device.startsWith('0x') ? device : architecture;
  return [maker, model].filter(Boolean).join(' ') || 'an unnamed graphics chip';
}

/**
 * The chip's name in WebGL's renderer text, such as "ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)".
 * Undefined when the text names another maker than `vendor`: on a laptop with two chips WebGL may sit on the other one.
 */
export function chipFromRenderer(renderer: string, vendor: string): string | undefined {
  const angle = /^ANGLE \([^,]*, (?:ANGLE Metal Renderer: )?([^,]+)/.exec(renderer)?.[1] ?? renderer;
  const name = angle
    .replace(/\s*\((?:0x[0-9A-Fa-f]+|R|TM)\)/g, '')
    .replace(/ (?:Direct3D|OpenGL|Vulkan|Mesa|PCIe).*$/, '')
    .trim();
  const maker = VENDORS[vendor.toLowerCase()];
  return maker && name.toLowerCase().includes(maker.toLowerCase()) ? name : undefined;
}

function graphicsInterface(os: string): string {
  if (/mac|iphone|ipad|darwin/i.test(os)) return 'Metal';
  return /windows|win32/i.test(os) ? 'Direct3D 12' : 'Vulkan';
}

/** "Chrome 156": the browser's own name where it tells one, and its major version. */
export function browserWords(runtime: string, version: string, brand?: string): string {
  return `${brand ?? RUNTIMES[runtime] ?? runtime} ${version.split('.')[0] ?? ''}`.trim();
}

/** "2 seconds", "about 4 minutes": never more exact than it can be. */
export function durationWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return plural(seconds, 'second');
  return `about ${plural(Math.round(seconds / 60), 'minute')}`;
}

/** "1 check", "312 checks", "1,024 checks". */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** "512 bytes", "44 KB", "3.1 MB". */
export function bytesWords(bytes: number): string {
  if (bytes < 1000) return plural(bytes, 'byte');
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'KB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
