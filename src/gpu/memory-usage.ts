import type { Gpu } from './gpu.ts';
import { type HostMemory, hostMemory } from './host-memory.ts';
import type { MemoryCategory } from './memory.ts';

/** Memory in use, in bytes. */
export interface MemoryUsage extends HostMemory {
  /** On the device: tensors by what they are for, and reads that are under way. */
  readonly device: Readonly<Record<MemoryCategory | 'staging', number>>;
  /** All of that, as the ledger counts it. */
  readonly total: number;
}

/**
 * Memory in use by a device, by what it is for, and beside it. Weights are what models own,
 * gradients those that are gathered or summed, optimizer what it keeps; all other tensors count as
 * activations.
 */
export async function memoryUsage(
  gpu: Gpu,
  { wasm }: { readonly wasm?: readonly WebAssembly.Memory[] } = {},
): Promise<MemoryUsage> {
  return {
    device: { ...gpu.memory.byCategory, staging: gpu.stagingBytes },
    total: gpu.memory.ledger.liveBytes + gpu.stagingBytes,
    ...(await hostMemory(wasm)),
  };
}
