import type { Installation } from '../browser/install.ts';
import { InterruptedError } from '../exit.ts';
import type { Runtime } from './runtime.ts';

/** Where cases can run without a person. */
export type RuntimeName = 'chromium' | 'node';

/**
 * Opens a runtime by name, loading only what it needs. Throws UnusableError or NoBrowserError with
 * what was tried, and InterruptedError, before the first of what was to run, as soon as `signal`
 * aborts; what opens nevertheless is closed again.
 */
export async function openRuntime(
  name: RuntimeName,
  install: Installation,
  signal = new AbortController().signal,
  first = 'case',
): Promise<Runtime> {
  const opening = open(name, install);
  let interrupt = () => {};
  const interrupted = new Promise<undefined>((resolve) => {
    interrupt = () => resolve(undefined);
  });
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) interrupt();
  try {
    const runtime = await Promise.race([opening, interrupted]);
    if (runtime && !signal.aborted) return runtime;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
  opening.then((late) => late[Symbol.asyncDispose]()).catch(() => {});
  throw new InterruptedError(`interrupted before the first ${first}`);
}

async function open(name: RuntimeName, install: Installation): Promise<Runtime> {
  return name === 'node'
    ? (await import('./node.ts')).openNode()
    : (await import('./chromium.ts')).openChromium(install);
}
