import { GradproofError } from '../errors.ts';

/** Why no device could be had, with what to do about it in the message. */
export class NoAdapterError extends GradproofError {
  constructor(
    code: 'insecure-context' | 'no-webgpu' | 'no-adapter' | 'adapter-timeout' | 'no-device',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** How long adapter and device may take; a busy machine needs a second. */
const ANSWER_MS = 15_000;

const WANTED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
/** Features of the language that kernels use; a device need not be asked for them. */
const LANGUAGE_FEATURES = ['packed_4x8_integer_dot_product'] as const;
/** What an adapter or its language may lack, and a kernel needs. */
export type Feature = GPUFeatureName | (typeof LANGUAGE_FEATURES)[number];
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
] as const;

/** Who the adapter is, as reports and the page show it. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallback: boolean;
}

/** An adapter's device with every feature and limit that the kernels can use. */
export interface DeviceGrant {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** Those of the language among them. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Invocations of the adapter's widest subgroup; undefined where it does not say. */
  readonly widestSubgroup: number | undefined;
}

/** Devices that were asked for, by whose count each has a name in errors. */
let devices = 0;

/** The adapter that everything runs on. */
const PREFERRED: GPURequestAdapterOptions = { powerPreference: 'high-performance' };

/**
 * Asks for a device with the wanted features that the adapter has, and its largest limits (the
 * defaults are smaller: 128 MiB of storage binding, for example). Throws {@link NoAdapterError}
 * when there is none.
 */
export async function requestDevice(gpu: GPU | undefined, wish = PREFERRED): Promise<DeviceGrant> {
  if (!gpu) throw noWebGpu();
  const adapter = await inTime(gpu.requestAdapter(wish));
  if (!adapter) throw new NoAdapterError('no-adapter', isBrowser() ? NOT_OFFERED : NO_DRIVER);
  const features = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const ofLanguage = LANGUAGE_FEATURES.filter((name) => gpu.wgslLanguageFeatures?.has(name));
  const limits = Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const {
    vendor,
    architecture,
    device: name,
    description,
    isFallbackAdapter,
    subgroupMaxSize,
  } = adapter.info;
  let device: GPUDevice;
  try {
    device = await inTime(
      adapter.requestDevice({
        label: `device ${++devices}`,
        requiredFeatures: features,
        requiredLimits: limits,
      }),
    );
  } catch (cause) {
    if (cause instanceof NoAdapterError) throw cause;
    throw new NoAdapterError(
      'no-device',
      `the adapter refused to make a device: close other ${isBrowser() ? 'tabs' : 'programs'} that use the GPU and try again`,
      {
        cause,
      },
    );
  }
  return {
    device,
    adapter: { vendor, architecture, device: name, description, isFallback: isFallbackAdapter },
    features: [...features, ...ofLanguage],
    limits,
    widestSubgroup: subgroupMaxSize || undefined,
  };
}

/** A GPU process that hangs never answers. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = `no adapter or device within ${ANSWER_MS} ms: the graphics process may be stuck; restart ${isBrowser() ? 'the browser' : 'the program'}`;
    const timer = setTimeout(
      () => reject(new NoAdapterError('adapter-timeout', message)),
      ANSWER_MS,
    );
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const NOT_OFFERED =
  'the browser has WebGPU but offers no adapter: update the graphics driver, or enable hardware acceleration in the browser settings';

/** Chrome's own driver needs its folder among the libraries, too, where there is no Vulkan loader. */
const NO_DRIVER =
  "no Vulkan driver was found that gives an adapter: install the one of your GPU, or Mesa's for processors (mesa-vulkan-drivers), or start the program with that of a Chrome: VK_DRIVER_FILES=/opt/google/chrome/vk_swiftshader_icd.json LD_LIBRARY_PATH=/opt/google/chrome";

/** Pages and their workers have a location; Node and its like have none. */
function isBrowser(): boolean {
  return 'location' in globalThis;
}

function noWebGpu(): NoAdapterError {
  if (!isBrowser())
    return new NoAdapterError(
      'no-webgpu',
      'this program gave no WebGPU: in Node hand Gpu.request() what create() of the package "webgpu" returns',
    );
  if (globalThis.isSecureContext === false) {
    return new NoAdapterError(
      'insecure-context',
      'WebGPU needs a secure context: open the page over https or on localhost',
    );
  }
  return new NoAdapterError(
    'no-webgpu',
    'this browser has no WebGPU: use a current Chrome, Edge, Safari or Firefox',
  );
}
