import { seam } from '../seam.ts';

/** Memory in use beside the device, in bytes. */
export interface HostMemory {
  /**
   * The heap of JavaScript: that of Node, or of a page with its workers in a browser that tells it to
   * pages that are isolated from others; else absent.
   */
  readonly heap?: number;
  /** The WebAssembly memories that were given. */
  readonly wasm: number;
}

/** Where the platform tells its heap. */
interface Platform {
  readonly process?: { readonly memoryUsage?: () => { readonly heapUsed: number } };
  readonly performance: {
    readonly measureUserAgentSpecificMemory?: () => Promise<{ readonly bytes: number }>;
  };
}

/** What the platform tells of its heap. A seam, so that a control can leave it out. */
const heapOf = seam(
  'memory.heap_of',
  async ({ process, performance }: Platform): Promise<number | undefined> =>
    process?.memoryUsage?.().heapUsed ??
    (await performance.measureUserAgentSpecificMemory?.())?.bytes,
);

/** Memory in use beside the device. A browser measures when it collects, which may take seconds. */
export async function hostMemory(wasm: readonly WebAssembly.Memory[] = []): Promise<HostMemory> {
  const heap = await heapOf(globalThis as unknown as Platform);
  return {
    ...(heap === undefined ? {} : { heap }),
    wasm: wasm.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  };
}
