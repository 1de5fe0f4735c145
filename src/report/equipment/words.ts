/** The parts of a computer that are told of, but for the libraries behind the bridge. */
export type PartName =
  | 'program'
  | 'secure'
  | 'webgpu'
  | 'adapter'
  | 'shader-f16'
  | 'subgroups'
  | 'timestamp-query'
  | 'maxStorageBufferBindingSize'
  | 'maxBufferSize'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxComputeInvocationsPerWorkgroup'
  | 'maxStorageBuffersPerShaderStage'
  | 'isolation'
  | 'storage'
  | 'bridge';

/** What is said of them, in one language. */
export interface EquipmentWords {
  readonly names: Readonly<Record<PartName, string>>;
  /** What to do where it is missing, or could be better. */
  readonly fixes: Readonly<Record<PartName | 'fallback', string>>;
  /** What to do where nothing has to be done. */
  readonly nothing: string;
  readonly there: string;
  readonly notThere: string;
  readonly limit: (has: number, needed: number, isBytes: boolean) => string;
  readonly quota: (bytes: number) => string;
  readonly libraries: (count: number) => string;
}

const newer = 'update the graphics driver and the browser';
const guaranteed = `every WebGPU grants this much: ${newer}`;

/** "128 MiB", to three digits. */
export function binaryBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)));
  return `${Number((bytes / 2 ** (10 * power)).toPrecision(3))} ${units[power]}`;
}

/** In English, as the command line says it. */
export const EQUIPMENT_WORDS: EquipmentWords = {
  names: {
    program: 'Program',
    secure: 'Secure address',
    webgpu: 'WebGPU',
    adapter: 'Adapter',
    'shader-f16': '16-bit arithmetic (shader-f16)',
    subgroups: 'Subgroups',
    'timestamp-query': 'Clock of the chip (timestamp-query)',
    maxStorageBufferBindingSize: 'Memory of one binding',
    maxBufferSize: 'Memory of one buffer',
    maxComputeWorkgroupStorageSize: 'Memory of a workgroup',
    maxComputeInvocationsPerWorkgroup: 'Invocations of a workgroup',
    maxStorageBuffersPerShaderStage: 'Buffers of a kernel',
    isolation: 'Cross-origin isolation',
    storage: 'Private file system (OPFS)',
    bridge: 'Bridge to Python',
  },
  fixes: {
    program: 'install a current Chrome, Edge, Firefox or Safari',
    secure: 'open the same page with https:// in front, or through http://localhost',
    webgpu:
      'use a current Chrome or Edge; on Linux set chrome://flags/#enable-unsafe-webgpu to Enabled and restart it',
    adapter:
      "switch on graphics acceleration in the browser's settings (on Linux chrome://flags/#enable-unsafe-webgpu too), or update the graphics driver",
    fallback:
      'a processor computes: switch on graphics acceleration, on Linux chrome://flags/#enable-vulkan too, and look at chrome://gpu for what the browser has against the chip',
    'shader-f16': `checks that need it are skipped; to have it, ${newer}`,
    subgroups: `slower kernels compute the same; to have them, ${newer}`,
    'timestamp-query': `times are taken from outside; to have it, ${newer}`,
    maxStorageBufferBindingSize: guaranteed,
    maxBufferSize: guaranteed,
    maxComputeWorkgroupStorageSize: guaranteed,
    maxComputeInvocationsPerWorkgroup: guaranteed,
    maxStorageBuffersPerShaderStage: guaranteed,
    isolation: 'open the page a second time; its host can also send the headers COOP and COEP',
    storage:
      'leave the private window, allow the page to keep data, and make room on the disk; without it no run can be gone on with',
    bridge: 'npm run bridge:setup -- --minimal makes one; then npm start -- --bridge',
  },
  nothing: 'nothing to do',
  there: 'there',
  notThere: 'not there',
  limit: (has, needed, isBytes) => {
    const words = isBytes ? binaryBytes : String;
    return `${words(has)}, ${words(needed)} needed`;
  },
  quota: (bytes) => `${binaryBytes(bytes)} at most`,
  libraries: (count) => (count === 1 ? '1 library' : `${count} libraries`),
};
