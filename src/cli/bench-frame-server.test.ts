import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PageServer, servePage } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradproof-server-'));
const peers = join(folder, 'peers');
let server: PageServer;
beforeAll(async () => {
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
  mkdirSync(peers);
  const pages = ['index.html', 'bench.html', 'headless-bench.html', 'bench-frame.html'];
  for (const name of [...pages, 'assets/bench.js'])
    writeFileSync(join(folder, 'page', name), `text of ${name}`);
  writeFileSync(join(peers, 'ort.js'), 'export default 1');
  writeFileSync(join(peers, 'ort.wasm'), 'wasm');
  server = await servePage(join(folder, 'page'), 0, undefined, peers);
});
afterAll(() => server[Symbol.asyncDispose]());

const ask = (path: string) => fetch(new URL(path, server.url));
const policyOf = ({ headers }: Response) => headers.get('content-security-policy') ?? '';

test('the page has no frame, and no WebAssembly', async () => {
  const policy = policyOf(await ask('index.html'));
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/frame-src|wasm/);
});

test('the pages of a bench alone may have a frame of this server', async () => {
  const page = policyOf(await ask('index.html'));
  for (const name of ['bench.html', 'headless-bench.html'])
    expect(policyOf(await ask(name)), name).toBe(`frame-src 'self'; ${page}`);
});

describe('the frame of a bench', () => {
  const address = async () => (await ask('bench-frame')).text();

  test('has an address that cannot be guessed', async () => {
    const path = await address();
    expect(path).toMatch(/^\/frame-[0-9a-f-]{36}\/bench-frame\.html$/);
    const other = await servePage(join(folder, 'page'), 0, undefined, peers);
    const theirs = await (await fetch(new URL('bench-frame', other.url))).text();
    expect(theirs).not.toBe(path);
    expect((await ask(theirs)).status).toBe(404);
    await other[Symbol.asyncDispose]();
  });

  test('computes, and can neither ask anyone nor keep anything', async () => {
    const frame = await ask(await address());
    expect(await frame.text()).toBe('text of bench-frame.html');
    const parts = policyOf(frame).split('; ');
    expect(parts).toEqual([
      'sandbox allow-scripts',
      "default-src 'none'",
      `script-src ${server.url.slice(0, -1)} 'wasm-unsafe-eval'`,
      "connect-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ]);
  });

  test('may load scripts and peers under its address, which are no one else’s', async () => {
    const base = new URL(await address(), server.url);
    for (const [path, text] of [
      ['assets/bench.js', 'text of assets/bench.js'],
      ['peers/ort.js', 'export default 1'],
      ['peers/2/ort.js', 'export default 1'],
    ] as const) {
      const inside = await fetch(new URL(path, base));
      expect(await inside.text()).toBe(text);
      expect(inside.headers.get('access-control-allow-origin')).toBe('null');
      expect(inside.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      const outside = await ask(path);
      expect(await outside.text()).toBe(text);
      expect(outside.headers.get('access-control-allow-origin')).toBeNull();
      expect(outside.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });
});

describe('peers', () => {
  test('are listed by the names of their files', async () => {
    expect(await (await ask('peers/index.json')).json()).toEqual(['ort.js', 'ort.wasm']);
  });

  test('are none where none is installed', async () => {
    const bare = await servePage(join(folder, 'page'), 0, undefined, join(folder, 'nothing'));
    const files = await fetch(new URL('peers/index.json', bare.url));
    expect(await files.json()).toEqual([]);
    expect((await fetch(new URL('peers/ort.js', bare.url))).status).toBe(404);
    await bare[Symbol.asyncDispose]();
  });

  test('are all that is served of their folder', async () => {
    expect((await ask('peers/..%2fpage/index.html')).status).toBe(404);
    expect((await ask('peers/tfjs.js')).status).toBe(404);
  });
});
