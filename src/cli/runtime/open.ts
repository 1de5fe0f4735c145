import type { Installation } from '../browser/install.ts';
import type { RuntimeName } from '../options.ts';
import type { Runtime } from './runtime.ts';

/** Opens a runtime by name, loading only what it needs. Throws UnusableError or NoBrowserError with what was tried. */
export async function openRuntime(name: RuntimeName, install: Installation): Promise<Runtime> {
  if (name === 'node') return (await import('./node.ts')).openNode();
  return (await import('./chromium.ts')).openChromium(install);
}
