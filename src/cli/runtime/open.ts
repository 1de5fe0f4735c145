import type { Installation } from '../browser/install.ts';
import { InterruptedError } from '../exit.ts';
import type { RuntimeName } from '../options.ts';
import type { Runtime } from './runtime.ts';

/**
 * Opens a runtime by name, loading only what it needs. Throws UnusableError or NoBrowserError with what was tried, and
 * InterruptedError when `signal` aborted meanwhile.
 */
export async function openRuntime(name: RuntimeName, install: Installation, signal?: AbortSignal): Promise<Runtime> {
  try {
    const runtime =
      name === 'node' ? await (await import('./node.ts')).openNode() : await (await import('./chromium.ts')).openChromium(install);
    if (!signal?.aborted) return runtime;
    await runtime[Symbol.asyncDispose]();
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
  throw new InterruptedError();
}
