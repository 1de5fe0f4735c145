import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPage } from '../../src/bench/headless-page.ts';
import { servePage } from '../../src/cli/server.ts';
import { expect, test } from './page-test.ts';

// What is refused is logged.
test.use({ mayLogErrors: true });

/** A library that tries what it must not, and says how each ended by failing. */
const NOSY = `
export default async (gpu, assets) => {
  const tried = {};
  const attempt = async (name, work) => {
    tried[name] = await Promise.resolve().then(work).then((value) => String(value), (error) => error.name);
  };
  await attempt('gpu', async () => (await (await gpu.requestAdapter()).requestDevice()).constructor.name);
  await attempt('wasm', () => WebAssembly.compile(assets['ort.wasm']));
  await attempt('isolated', () => crossOriginIsolated);
  await attempt('fetch', () => fetch('/index.html'));
  await attempt('elsewhere', () => fetch('http://127.0.0.1:1/'));
  await attempt('eval', () => (0, eval)('1'));
  await attempt('storage', () => localStorage.length);
  await attempt('database', () => indexedDB.open('a'));
  await attempt('caches', () => caches.open('a'));
  await attempt('files', () => navigator.storage.getDirectory());
  await attempt('cookie', () => document.cookie);
  await attempt('page', () => parent.document.title);
  throw new Error(JSON.stringify(tried));
};`;

test('the frame of a bench computes for a library that has no network, storage or page', async ({
  page,
}) => {
  const peers = mkdtempSync(join(tmpdir(), 'gradproof-peers-'));
  writeFileSync(join(peers, 'ort.js'), NOSY);
  for (const name of ['ort.wasm', 'jax-own.wasm'])
    writeFileSync(join(peers, name), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  await using server = await servePage('dist/page', 0, undefined, peers);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(new URL('headless-bench.html', server.url).href);
  await page.waitForFunction(() => 'gradproofBench' in globalThis);
  const outcome = await page.evaluate(() => {
    const { gradproofBench } = globalThis as unknown as { gradproofBench: BenchPage };
    Object.assign(globalThis, { emitBench: async () => {} });
    const options = {
      filters: ['bench.matmul:f32;m=37;*'],
      quick: false,
      warmUp: 1,
      samples: 1,
      variants: false,
      settings: {},
      tuning: 'checked-in' as const,
      selfTest: false,
    };
    return gradproofBench.run({ options, peers: ['ort'] });
  });
  if (!outcome.ok) throw new Error(outcome.message);
  const refused = outcome.value.results.find(({ backend }) => backend === 'ort-webgpu');
  expect(refused?.status).toBe('fail');
  const [, told = ''] = refused?.error?.message.split('could not be opened: ') ?? [];
  expect(JSON.parse(told)).toEqual({
    gpu: 'GPUDevice',
    wasm: '[object WebAssembly.Module]',
    isolated: 'true',
    fetch: 'TypeError',
    elsewhere: 'TypeError',
    eval: 'EvalError',
    storage: 'SecurityError',
    database: 'SecurityError',
    caches: 'SecurityError',
    files: 'SecurityError',
    cookie: 'SecurityError',
    page: 'SecurityError',
  });
  expect(asked).not.toContain('/index.html');
  const compiled = asked.filter((path) => path.endsWith('.wasm'));
  expect(compiled, 'no other peer’s is fetched').toEqual(['/peers/ort.wasm']);
});
