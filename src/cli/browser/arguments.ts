import { existsSync } from 'node:fs';
import { ZEROING_BY_DRIVER } from '../../harness/worker/zeroing.ts';

/**
 * The pages of suggestions below an address bar, which a browser loads for each window, though it
 * shows none here: a sixth of the time of a short visit on two cores.
 */
const SUGGESTIONS = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];

/** What Playwright 1.65 switches off: of several lists the last one counts, which is ours. */
const OFF_FOR_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

/** Chrome without what no page here asks for. */
export const WITHOUT_FEATURES = `--disable-features=${[...OFF_FOR_PLAYWRIGHT, ...SUGGESTIONS].join(',')}`;

/**
 * Quiet, without traffic of its own, and with a GPU process that may be crashed as often as a hang
 * needs it.
 */
const ARGUMENTS = [
  '--enable-unsafe-webgpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  WITHOUT_FEATURES,
  '--disable-domain-blocking-for-3d-apis',
  '--disable-gpu-process-crash-limit',
];

const NO_ZEROING_BY_DRIVER = `--disable-dawn-features=${ZEROING_BY_DRIVER}`;

/** Chrome's own CPU adapter, for a machine where no hardware adapter works. */
export const SOFTWARE_ADAPTER = ['--use-webgpu-adapter=swiftshader', NO_ZEROING_BY_DRIVER];

/** What Linux has where it has a GPU: of any driver, of NVIDIA's, of AMD's, under Windows. */
const GPU_DEVICES = ['/dev/dri', '/dev/nvidiactl', '/dev/kfd', '/dev/dxg'];

/** The arguments of a browser that runs cases; `software` takes the CPU adapter. */
export function browserArguments(software: boolean): string[] {
  return [
    ...ARGUMENTS,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...(software ? SOFTWARE_ADAPTER : process.platform === 'linux' ? drivers() : []),
  ];
}

/** Linux's Vulkan drivers: SwiftShader is the only one where there is no GPU. */
function drivers(): string[] {
  const hasGpu = GPU_DEVICES.some((device) => existsSync(device));
  return ['--enable-features=Vulkan', ...(hasGpu ? [] : [NO_ZEROING_BY_DRIVER])];
}
