import { systemOf } from './platform.ts';
import { preflightWords } from './preflight.en.ts';
import type { AdapterFacts } from './words.ts';

/** What the browser tells before anything runs. */
export interface Facts {
  readonly secureContext: boolean;
  /** The page's host sends no headers that isolate it, so that browsers make its clocks coarse. */
  readonly coarseClock?: true;
  readonly webgpu: boolean;
  /** Null when the browser has WebGPU and offers no adapter. */
  readonly adapter:
    | (AdapterFacts & {
        readonly f16: boolean;
        /** Whether it tells when its work began and ended. */
        readonly timestamps?: boolean;
        readonly storageBindingBytes: number;
        readonly bufferBytes: number;
      })
    | null;
  /** The chip's market name where WebGL tells it. */
  readonly chip?: string;
  /** The browser as it calls itself, with its major version. */
  readonly browser: string;
  readonly runtime: string;
  readonly os: string;
}

/** Something that stands in the way, or should be known, with what to do about it. */
export interface Finding {
  readonly code:
    | 'insecure-context'
    | 'no-webgpu'
    | 'no-adapter'
    | 'fallback-adapter'
    | 'limits-not-raised'
    | 'missing-f16'
    | 'coarse-clock';
  /**
   * `blocks`: nothing can run. `warns`: it runs, and the answer will say so. `informs`: good to
   * know.
   */
  readonly weight: 'blocks' | 'warns' | 'informs';
  readonly title: string;
  readonly detail: string;
  readonly actions: readonly string[];
}

/** What WebGPU guarantees without asking: one weight matrix of a larger model does not fit. */
const DEFAULT_STORAGE_BINDING = 128 * 2 ** 20;

/** The findings of `facts`, heaviest first. */
export function findings(facts: Facts): readonly Finding[] {
  if (!facts.secureContext) return [insecureContext()];
  if (!facts.webgpu) return [noWebGpu(facts)];
  if (!facts.adapter) return [noAdapter(facts)];
  const found: Finding[] = [];
  if (facts.adapter.isFallback) found.push(fallbackAdapter(facts));
  if (facts.adapter.storageBindingBytes <= DEFAULT_STORAGE_BINDING)
    found.push(limitsNotRaised(facts));
  if (!facts.adapter.f16) found.push(missingF16(facts));
  if (facts.coarseClock) found.push(coarseClock());
  return found;
}

/** Whether something can compute here, as far as the browser has told. */
export function canCompute(facts: Facts | undefined): boolean {
  return facts !== undefined && !isBlocked(facts);
}

/** Whether nothing can run here, as far as the browser tells. */
export function isBlocked(facts: Facts): boolean {
  return findings(facts).some(({ weight }) => weight === 'blocks');
}

function insecureContext(): Finding {
  const { insecure, actions } = preflightWords();
  return { code: 'insecure-context', weight: 'blocks', ...insecure, actions: [actions.https] };
}

function noWebGpu(facts: Facts): Finding {
  const { noWebGpu: words } = preflightWords();
  return {
    code: 'no-webgpu',
    weight: 'blocks',
    title: words.title(facts.browser),
    detail: words.detail,
    actions: waysToWebGpu(facts),
  };
}

function noAdapter(facts: Facts): Finding {
  const { noAdapter: words, actions } = preflightWords();
  return {
    code: 'no-adapter',
    weight: 'blocks',
    title: words.title(facts.browser),
    detail: words.detail,
    actions: [...accelerationSwitch(facts), ...driverUpdate(facts), actions.remote],
  };
}

function fallbackAdapter(facts: Facts): Finding {
  return {
    code: 'fallback-adapter',
    weight: 'warns',
    ...preflightWords().fallback,
    actions: [...accelerationSwitch(facts), ...driverUpdate(facts)],
  };
}

function limitsNotRaised(facts: Facts): Finding {
  const { limits, actions } = preflightWords();
  return {
    code: 'limits-not-raised',
    weight: 'informs',
    ...limits,
    actions: [actions.raisesLimit, ...driverUpdate(facts)],
  };
}

function missingF16(facts: Facts): Finding {
  const { f16, actions } = preflightWords();
  return {
    code: 'missing-f16',
    weight: 'informs',
    ...f16,
    actions: [actions.bringsF16, ...driverUpdate(facts)],
  };
}

function coarseClock(): Finding {
  const { clock, actions } = preflightWords();
  return { code: 'coarse-clock', weight: 'informs', ...clock, actions: [actions.isolates] };
}

/** How this browser on this system gets WebGPU. */
function waysToWebGpu({ runtime, os }: Facts): readonly string[] {
  const { actions } = preflightWords();
  const system = systemOf(os);
  const scheme = schemeOf(runtime);
  if (system === 'ios') return [actions.updateApple];
  if (system === 'android') return [actions.updateAndroid];
  if (runtime === 'safari') return [actions.updateApple, actions.lockdown, actions.otherBrowser];
  if (runtime === 'firefox')
    return system === 'linux'
      ? [actions.firefoxSwitch, actions.otherBrowser]
      : [actions.updateFirefox, actions.otherBrowser];
  if (runtime !== 'chromium' && runtime !== 'edge')
    return [actions.updateBrowser, actions.otherBrowser];
  return system === 'linux'
    ? [actions.unsafeFlag(scheme), actions.vulkanDriver]
    : [actions.updateChrome(scheme), actions.acceleration(scheme), actions.gpuPage(scheme)];
}

/**
 * Where this browser's switch for the graphics chip is, and where it tells why it does not use it.
 */
function accelerationSwitch({ runtime, os }: Facts): readonly string[] {
  const { actions } = preflightWords();
  const system = systemOf(os);
  if (runtime === 'firefox') return [actions.firefoxAcceleration, actions.firefoxSupport];
  if (runtime === 'safari' || system === 'ios') return [actions.safariRestart];
  const scheme = schemeOf(runtime);
  return [
    actions.acceleration(scheme),
    ...(system === 'linux' ? [actions.vulkanFlag(scheme)] : []),
    actions.gpuPage(scheme),
  ];
}

/** How this system gets a newer graphics driver. */
function driverUpdate({ os }: Facts): readonly string[] {
  const { actions } = preflightWords();
  switch (systemOf(os)) {
    case 'windows':
      return [actions.windowsDriver, actions.windowsPreference];
    case 'linux':
      return [actions.vulkanDriver];
    case 'mac':
    case 'ios':
    case 'android':
    case 'chromeos':
      return [actions.updateSystem];
    case 'other':
      return [actions.updateDriver];
  }
}

/** How the browser's own pages begin. */
function schemeOf(runtime: string): string {
  return runtime === 'edge' ? 'edge' : 'chrome';
}
