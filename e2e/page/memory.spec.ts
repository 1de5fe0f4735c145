import { fileURLToPath } from 'node:url';
import { covers } from '../../src/catalog/covers.ts';
import type { HostMemory } from '../../src/gpu/host-memory.ts';
import { withModulePage } from './module-page.ts';
import { expect, test } from './page-test.ts';

/** What a page keeps, in bytes. */
const KEPT = 64 * 2 ** 20;

test('an isolated page is told the heap of its browser, and WebAssembly memories', {
  ...covers('fsdp.utilities.get-memory-usage/heap-and-wasm-bytes').control(
    'the browser is not asked',
    {
      file: 'src/gpu/host-memory.ts',
      from: '(await performance.measureUserAgentSpecificMemory?.())?.bytes',
      to: 'undefined',
    },
  ),
  tag: '@long',
}, async ({ page }) => {
  const entry = fileURLToPath(new URL('../../src/gpu/host-memory.ts', import.meta.url));
  await withModulePage(entry, 'memory.js', async (url) => {
    await page.goto(url);
    const told = await page.evaluate(async (bytes) => {
      const { hostMemory } = await import(/* @vite-ignore */ String('/memory.js'));
      const before: HostMemory = await hostMemory();
      const kept = new Float64Array(bytes / 8).fill(1);
      const wasm = new WebAssembly.Memory({ initial: 2 });
      const after: HostMemory = await hostMemory([wasm]);
      return { before, after, kept: kept.byteLength };
    }, KEPT);
    expect(told.before.heap).toBeGreaterThan(0);
    expect((told.after.heap ?? 0) - (told.before.heap ?? 0)).toBeGreaterThan(0.9 * told.kept);
    expect([told.before.wasm, told.after.wasm]).toEqual([0, 2 * 65_536]);
  });
});
