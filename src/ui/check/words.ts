import { chipName, makerName } from '../../report/place.ts';
import type { Environment } from '../../report/schema.ts';
import { systemOf } from './platform.ts';
import { preflightWords } from './preflight.en.ts';

/** What words need of an adapter. */
export type AdapterFacts = Environment['adapter'];

/**
 * "Apple M2 through Metal": the graphics chip and the system's interface to it, as far as the
 * browser tells.
 */
export function adapterWords(adapter: AdapterFacts, os: string, chip?: string): string {
  const { processor, through, unnamed } = preflightWords();
  return adapter.isFallback
    ? processor
    : through(chip ?? (chipName(adapter) || unnamed), graphicsInterface(os));
}

/**
 * The chip's name in WebGL's renderer text, such as "ANGLE (Apple, ANGLE Metal Renderer: Apple M2,
 * Unspecified Version)". Undefined when the text names another maker than `vendor`: on a laptop
 * with two chips WebGL may sit on the other one.
 */
export function chipFromRenderer(renderer: string, vendor: string): string | undefined {
  const angle =
    /^ANGLE \([^,]*, (?:ANGLE Metal Renderer: )?([^,]+)/.exec(renderer)?.[1] ?? renderer;
  const name = angle
    .replace(/\s*\((?:0x[0-9A-Fa-f]+|R|TM)\)/g, '')
    .replace(/ (?:Direct3D|OpenGL|Vulkan|Mesa|PCIe).*$/, '')
    .trim();
  const maker = makerName(vendor);
  return maker && name.toLowerCase().includes(maker.toLowerCase()) ? name : undefined;
}

function graphicsInterface(os: string): string {
  const system = systemOf(os);
  if (system === 'mac' || system === 'ios') return 'Metal';
  return system === 'windows' ? 'Direct3D 12' : 'Vulkan';
}
