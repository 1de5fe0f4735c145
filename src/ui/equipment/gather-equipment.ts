import { describeBrowser } from '../../harness/describe-browser.ts';
import { pageEquipment } from '../../harness/page-equipment.ts';
import { type Equipment, NEEDED_LIMITS } from '../../report/equipment.ts';
import { browserWords, chipName } from '../../report/place.ts';

/** Asks the browser for all that is here. Makes no device. */
export async function gatherEquipment(): Promise<Equipment> {
  const { runtime, runtimeVersion } = describeBrowser(navigator);
  const gpu: GPU | undefined = navigator.gpu;
  const options = { powerPreference: 'high-performance' } as const;
  const adapter = (await gpu?.requestAdapter(options).catch(() => null)) ?? null;
  return {
    program: browserWords(runtime, runtimeVersion),
    isSecure: globalThis.isSecureContext,
    hasWebGpu: gpu !== undefined,
    adapter: adapter && described(adapter),
    page: await pageEquipment(),
  };
}

function described({ info, features, limits }: GPUAdapter): NonNullable<Equipment['adapter']> {
  const { vendor, architecture, device, description, isFallbackAdapter: isFallback } = info;
  const names = Object.keys(NEEDED_LIMITS) as (keyof typeof NEEDED_LIMITS)[];
  return {
    name: chipName({ vendor, architecture, device, description, isFallback }),
    isFallback,
    features: [...features],
    limits: Object.fromEntries(names.map((name) => [name, limits[name]])),
  };
}
