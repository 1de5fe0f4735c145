import { describeBrowser } from '../../harness/describe-browser.ts';
import { browserWords } from '../../report/place.ts';
import type { Facts } from './preflight.ts';
import { chipFromRenderer } from './words.ts';

/** Asks the browser what is here. Makes no device and starts no work on the graphics chip. */
export async function gatherFacts(): Promise<Facts> {
  const { runtime, runtimeVersion, os } = describeBrowser(navigator);
  const base = {
    secureContext: globalThis.isSecureContext,
    webgpu: 'gpu' in navigator && navigator.gpu !== undefined,
    browser: browserWords(runtime, runtimeVersion, brandName()),
    runtime,
    os,
    ...(globalThis.crossOriginIsolated ? {} : { coarseClock: true as const }),
  };
  const adapter = base.webgpu
    ? await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
    : null;
  if (!adapter) return { ...base, adapter: null };
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const chip =
    description || isFallbackAdapter ? undefined : chipFromRenderer(webglRenderer(), vendor);
  return {
    ...base,
    ...(chip ? { chip } : {}),
    adapter: {
      vendor,
      architecture,
      device,
      description,
      isFallback: isFallbackAdapter,
      f16: adapter.features.has('shader-f16'),
      timestamps: adapter.features.has('timestamp-query'),
      storageBindingBytes: adapter.limits.maxStorageBufferBindingSize,
      bufferBytes: adapter.limits.maxBufferSize,
    },
  };
}

/**
 * The browser's own name among its brands, such as "Google Chrome" or "Opera"; the user-agent
 * string calls them all Chrome.
 */
function brandName(): string | undefined {
  const { userAgentData } = navigator as Navigator & {
    userAgentData?: { readonly brands: readonly { readonly brand: string }[] };
  };
  const names = userAgentData?.brands.map(({ brand }) => brand) ?? [];
  const own = names.find(
    (name) => name !== 'Chromium' && !/not.?a.?brand/i.test(name.replaceAll(/[^A-Za-z ]/g, ' ')),
  );
  return own?.replace(/^(Google|Microsoft) /, '');
}

function webglRenderer(): string {
  const gl = document.createElement('canvas').getContext('webgl');
  const extension = gl?.getExtension('WEBGL_debug_renderer_info');
  const name = gl && extension ? String(gl.getParameter(extension.UNMASKED_RENDERER_WEBGL)) : '';
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return name;
}
