import type { AdapterFacts } from './words.ts';

/** What the browser tells before anything runs. */
export interface Facts {
  readonly secureContext: boolean;
  readonly webgpu: boolean;
  /** Null when the browser has WebGPU and offers no adapter. */
  readonly adapter: (AdapterFacts & { readonly f16: boolean; readonly storageBindingBytes: number }) | null;
  /** The chip's market name where WebGL tells it. */
  readonly chip?: string;
  /** The browser as it calls itself, with its major version. */
  readonly browser: string;
  readonly runtime: string;
  readonly os: string;
}

/** Something that stands in the way, or should be known, with what to do about it. */
export interface Finding {
  readonly code: 'insecure-context' | 'no-webgpu' | 'no-adapter' | 'fallback-adapter' | 'limits-not-raised' | 'missing-f16';
  /** `blocks`: nothing can run. `warns`: it runs, and the answer will say so. `informs`: good to know. */
  readonly weight: 'blocks' | 'warns' | 'informs';
  readonly title: string;
  readonly detail: string;
  readonly actions: readonly string[];
}

/** What WebGPU guarantees without asking: one weight matrix of a larger model does not fit. */
const DEFAULT_STORAGE_BINDING = 128 * 2 ** 20;

/** The findings of `facts`, heaviest first. */
export function findings(facts: Facts): readonly Finding[] {
  if (!facts.secureContext) return [insecureContext];
  if (!facts.webgpu) return [noWebGpu(facts)];
  if (!facts.adapter) return [noAdapter(facts)];
  const found: Finding[] = [];
  if (facts.adapter.isFallback) found.push(fallbackAdapter(facts));
  if (facts.adapter.storageBindingBytes <= DEFAULT_STORAGE_BINDING) found.push(limitsNotRaised);
  if (!facts.adapter.f16) found.push(missingF16);
  return found;
}

const insecureContext: Finding = {
  code: 'insecure-context',
  weight: 'blocks',
  title: 'This address is not secure enough for the graphics chip.',
  detail: 'Browsers offer WebGPU only to pages that came over https or from this computer itself.',
  actions: ['Open the same page with https:// in front, or through http://localhost.'],
};

function noWebGpu({ browser, runtime, os }: Facts): Finding {
  const ways: Readonly<Record<string, string>> = {
    firefox: 'Update Firefox; on Linux open about:config and set dom.webgpu.enabled to true.',
    safari: 'Update the system: Safari has WebGPU from version 26 on macOS, iOS and iPadOS.',
  };
  return {
    code: 'no-webgpu',
    weight: 'blocks',
    title: `${browser} has no WebGPU, or it is switched off.`,
    detail: 'WebGPU is how a page computes on the graphics chip. Nothing can be checked without it.',
    actions: [
      ways[runtime] ?? 'Update the browser, and restart it.',
      /linux/i.test(os) && runtime === 'chromium'
        ? 'On Linux open chrome://flags/#enable-unsafe-webgpu, choose Enabled, and restart the browser.'
        : 'Or open this page in a current Chrome or Edge.',
    ],
  };
}

function noAdapter({ browser, runtime, os }: Facts): Finding {
  return {
    code: 'no-adapter',
    weight: 'blocks',
    title: `${browser} has WebGPU, but no graphics chip that it may use.`,
    detail: 'Usually hardware acceleration is switched off, or the graphics driver is too old and on the browser’s block list.',
    actions: [...accelerationSwitch(runtime, os), 'Update the graphics driver, and restart the browser.'],
  };
}

function fallbackAdapter({ runtime, os }: Facts): Finding {
  return {
    code: 'fallback-adapter',
    weight: 'warns',
    title: 'Your graphics chip is not in use.',
    detail: 'The browser computes on the processor instead. Results can be right, but will be many times slower.',
    actions: accelerationSwitch(runtime, os),
  };
}

function accelerationSwitch(runtime: string, os: string): readonly string[] {
  if (runtime === 'firefox') return ['Open about:preferences, search “hardware acceleration”, switch it on, and restart Firefox.'];
  if (runtime === 'safari') return ['Restart the browser; Safari uses the graphics chip wherever the system has one.'];
  const scheme = runtime === 'edge' ? 'edge' : 'chrome';
  const first = `Open ${scheme}://settings/system, switch on “Use graphics acceleration when available”, and restart the browser.`;
  const linux = `On Linux also open ${scheme}://flags/#enable-vulkan and choose Enabled.`;
  return /linux/i.test(os) ? [first, linux] : [first];
}

const limitsNotRaised: Finding = {
  code: 'limits-not-raised',
  weight: 'informs',
  title: 'No more than 128 MiB of memory in one piece.',
  detail: 'All checks run, but weights of larger models will not fit into one piece of memory here.',
  actions: ['A newer browser or graphics driver often raises this limit.'],
};

const missingF16: Finding = {
  code: 'missing-f16',
  weight: 'informs',
  title: 'No 16-bit arithmetic on this chip.',
  detail: 'Everything works without it: numbers are stored in 16 bits and computed in 32. Checks that need it are skipped.',
  actions: [],
};
