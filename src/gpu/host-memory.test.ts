import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { hostGpu } from './fixtures/host-gpu.ts';
import { memoryUsage } from './memory-usage.ts';

/** Collects, so that what was dropped before does not hide what is kept. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

test(
  'the heap of Node is told, and the WebAssembly memories that are given',
  covers('fsdp.utilities.get-memory-usage/heap-and-wasm-bytes').control(
    'what is external is told',
    {
      file: 'src/gpu/host-memory.ts',
      from: 'process?.memoryUsage?.().heapUsed ??',
      to: '(process?.memoryUsage?.() as unknown as { external: number } | undefined)?.external ??',
    },
  ),
  async () => {
    const { gpu } = await hostGpu();
    const small = new WebAssembly.Memory({ initial: 1 });
    const large = new WebAssembly.Memory({ initial: 3 });
    collect();
    const before = await memoryUsage(gpu);
    expect(before.wasm).toBe(0);
    const kept = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
    collect();
    const after = await memoryUsage(gpu, { wasm: [small, large] });
    expect(after.wasm).toBe(4 * 65_536);
    // An object with one number takes 16 bytes at least, and its place in the list 4.
    expect((after.heap ?? 0) - (before.heap ?? 0)).toBeGreaterThan(20 * kept.length - 4_000_000);
    expect(after).toMatchObject({ total: 0, device: { weights: 0, staging: 0 } });
  },
);
