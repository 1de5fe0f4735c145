import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServedCheckpoints } from '../harness/worker/served-checkpoints.ts';
import { type PageServer, servePage } from './server.ts';

const NAME = 'step-00000007.safetensors';

let root: string;
let kept: string;
let server: PageServer;
let address: string;
let folder: ServedCheckpoints;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kept-'));
  kept = join(root, 'run', 'checkpoints');
  mkdirSync(join(root, 'page'));
  server = await servePage(join(root, 'page'));
  address = new URL(server.keepCheckpoints(kept), server.url).href;
  folder = new ServedCheckpoints(address);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

const put = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body: 'of another', headers });

describe('checkpoints that a page keeps on disk', () => {
  test('are there whole, replace each other, and go', async () => {
    expect(await folder.names()).toEqual([]);
    const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);
    await folder.replace(NAME, Uint8Array.of(1, 2, 3));
    await folder.replace(NAME, large);
    expect(await folder.names()).toEqual([NAME]);
    expect(Buffer.compare(await folder.read(NAME), large)).toBe(0);
    expect(Buffer.compare(readFileSync(join(kept, NAME)), large)).toBe(0);
    await folder.remove(NAME);
    expect(readdirSync(kept)).toEqual([]);
    await expect(folder.read(NAME)).rejects.toThrow();
  });

  test('leave what was there where one is cut off in mid-write', async () => {
    await folder.replace(NAME, Uint8Array.of(1, 2, 3));
    const call = request(address + NAME, { method: 'PUT', headers: { 'content-length': 1000 } });
    const broken = new Promise((resolve) => call.once('error', resolve));
    call.write('half');
    while (readdirSync(kept).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    call.destroy();
    await broken;
    while (readdirSync(kept).length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await folder.read(NAME)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('say why where they cannot be kept', async () => {
    mkdirSync(join(kept, NAME, 'in the way'), { recursive: true });
    await expect(folder.replace(NAME, new Uint8Array(2 ** 20))).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    expect(readdirSync(kept)).toEqual([NAME]);
  });

  test('are all that a page reaches of the folder, and no other page does', async () => {
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(kept, 'run.json'), 'its own');
    for (const name of ['run.json', '../secret', '..%2fsecret', 'lock', `${NAME}.part`, ''])
      expect((await put(address + name)).status, name).not.toBe(204);
    expect(readFileSync(join(kept, 'run.json'), 'utf8')).toBe('its own');
    expect((await fetch(`${address}run.json`)).status).toBe(404);
    expect((await put(`${address}${NAME}`, { origin: 'http://localhost:1' })).status).toBe(403);
    expect((await put(`${address}${NAME}`, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await fetch(address, { method: 'POST' })).status).toBe(405);
    expect((await put(new URL(`/checkpoints-/${NAME}`, address).href)).status).toBe(405);
    expect(readdirSync(root).sort()).toEqual(['page', 'run']);
    expect(readdirSync(kept)).toEqual(['run.json']);
  });
});
