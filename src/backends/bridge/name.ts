import type { BridgeDevice } from './devices.ts';

/** The name that a device behind a bridge has as a backend of results: `bridge-torch-cpu`. */
export function bridgeName({ id }: { readonly id: string }): string {
  return `bridge-${id}`;
}

/**
 * Whether a result's backend is a device behind a bridge: it belongs to a machine, not to a build,
 * and is in no plan.
 */
export function isBridgeName(backend: string): boolean {
  return backend.startsWith('bridge-');
}

/** "torch 2.15.0 + bitsandbytes 0.50.2 on CPU", as people and messages say it. */
export function wordsOfDevice(device: BridgeDevice): string {
  return `${librariesOf(device)} on ${deviceWords(device.device)}`;
}

/** "torch 2.15.0 + bitsandbytes 0.50.2" */
export function librariesOf({ libraries }: Pick<BridgeDevice, 'libraries'>): string {
  return libraries.map(({ name, version }) => `${name} ${version}`).join(' + ');
}

/**
 * "CPU", "CUDA (cuda:0)", and "CUDA (NVIDIA H200)" for `cuda:0 (NVIDIA H200)`: which of several
 * equal cards it was says nothing. Nothing is called CUDA that does not call itself so.
 */
export function deviceWords(device: string): string {
  const [whole, kind, number, model] =
    /^(cpu|cuda|mps|mlx)(:\d+)?(?: \(?(.+?)\)?)?$/.exec(device) ?? [];
  if (!whole || !kind) return device;
  const which = model ?? (number && kind + number);
  return kind.toUpperCase() + (which ? ` (${which})` : '');
}
