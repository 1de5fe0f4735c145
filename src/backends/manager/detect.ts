import { GradproofError, messageOf } from '../../errors.ts';
import { type AdapterDescription, requestDevice } from '../../gpu/device.ts';
import { hostMemory } from '../../gpu/host-memory.ts';
import type { BridgeAddress } from '../bridge/address.ts';
import { BridgeClient, type BridgeLimits } from '../bridge/client.ts';
import { bridgeName, wordsOfDevice } from '../bridge/name.ts';
import type { BackendKind } from './kinds.ts';

/** Why a backend is not there. */
export interface Absence {
  /** That of the error: `no-adapter`, `no-device`, `bridge-unreachable` and others. */
  readonly code: string;
  readonly message: string;
}

/** Memory that a backend has, in bytes. */
export type BackendMemory =
  | { readonly of: 'device'; readonly buffer: number; readonly binding: number }
  | { readonly of: 'host'; readonly heap: number | undefined };

/** A backend that was looked for: there, with what it is, or not, with the reason. */
export interface DetectedBackend {
  readonly name: string;
  readonly kind: BackendKind;
  readonly absent?: Absence | undefined;
  /** Who it is, with its version where it has one. */
  readonly words?: string | undefined;
  readonly memory?: BackendMemory | undefined;
  /** Features of the adapter that kernels use. */
  readonly features?: readonly string[] | undefined;
}

/** Where backends are looked for. */
export interface BackendSources {
  /** WebGPU of the browser, or what `create()` of npm webgpu gives. */
  readonly gpu: GPU | undefined;
  /** Says the version of ONNX Runtime's WebAssembly, or throws why it is not there. */
  readonly ort?: (() => Promise<string>) | undefined;
  readonly bridges?: readonly BridgeAddress[];
  readonly bridgeLimits?: BridgeLimits | undefined;
}

const WISHES: readonly (readonly [BackendKind, GPURequestAdapterOptions])[] = [
  ['webgpu', { powerPreference: 'high-performance' }],
  ['webgpu-default', {}],
  ['webgpu-low-power', { powerPreference: 'low-power' }],
  ['webgpu-fallback', { forceFallbackAdapter: true }],
];

/**
 * Every backend that there may be, in the order in which one is chosen, those that are not there
 * with their reasons. Devices are asked for and given back. Never throws.
 */
export async function detectBackends({
  gpu,
  ort,
  bridges = [],
  bridgeLimits,
}: BackendSources): Promise<readonly DetectedBackend[]> {
  const adapters: DetectedBackend[] = [];
  for (const [kind, wish] of WISHES) adapters.push(await adapterFor(gpu, kind, wish));
  const behind = await Promise.all(bridges.map((address) => bridgesAt(address, bridgeLimits)));
  return [
    ...adapters,
    await found('ort-wasm', async () => {
      if (!ort) throw new GradproofError('not-installed', NO_ORT);
      return { words: await ort(), memory: await ofHost() };
    }),
    await found('reference', async () => ({ words: 'float64', memory: await ofHost() })),
    ...behind.flat(),
    { name: 'webgl', kind: 'webgl', absent: NO_WEBGL },
  ];
}

const NO_ORT = 'it is not built: npm run bench:setup builds it';
const NO_WEBGL: Absence = {
  code: 'not-implemented',
  message: 'no op is written for WebGL: use a browser with WebGPU',
};

async function adapterFor(
  gpu: GPU | undefined,
  kind: BackendKind,
  wish: GPURequestAdapterOptions,
): Promise<DetectedBackend> {
  return await found(kind, async () => {
    const { device, adapter, limits, features } = await requestDevice(gpu, wish);
    device.destroy();
    const { maxBufferSize: buffer = 0, maxStorageBufferBindingSize: binding = 0 } = limits;
    const memory = { of: 'device', buffer, binding } as const;
    return { words: wordsOf(adapter), memory, features };
  });
}

const wordsOf = ({ vendor, architecture, description, isFallback }: AdapterDescription): string =>
  [vendor, architecture, description, isFallback ? '(software)' : ''].filter(Boolean).join(' ');

const ofHost = async (): Promise<BackendMemory> => ({
  of: 'host',
  heap: (await hostMemory()).heap,
});

async function bridgesAt(
  address: BridgeAddress,
  limits: BridgeLimits | undefined,
): Promise<readonly DetectedBackend[]> {
  try {
    const { version, backends } = await new BridgeClient(address, limits).devices();
    return backends.map((device) => ({
      ...{ name: bridgeName(device), kind: 'bridge' as const },
      words: `${wordsOfDevice(device)}, bridge ${version}`,
    }));
  } catch (error) {
    return [{ name: 'bridge', kind: 'bridge', absent: absenceOf(error) }];
  }
}

async function found(
  kind: BackendKind,
  look: () => Promise<Omit<DetectedBackend, 'name' | 'kind' | 'absent'>>,
): Promise<DetectedBackend> {
  try {
    return { name: kind, kind, ...(await look()) };
  } catch (error) {
    return { name: kind, kind, absent: absenceOf(error) };
  }
}

/** Why a backend is not there, from what was thrown. */
function absenceOf(error: unknown): Absence {
  const code = error instanceof GradproofError ? error.code : 'unknown';
  return { code, message: messageOf(error) };
}
