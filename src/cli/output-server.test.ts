import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServedOutput } from '../harness/worker/served-output.ts';
import { type PageServer, servePage } from './server.ts';

let root: string;
let place: string;
let server: PageServer;
let address: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'taken-'));
  place = join(root, 'model');
  mkdirSync(join(root, 'page'));
  server = await servePage(join(root, 'page'));
  address = new URL(server.takeFiles(place), server.url).href;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);
const ask = (method: string, name: string, headers: Record<string, string> = {}) =>
  fetch(address + name, { method, headers, ...(method === 'GET' ? {} : { body: 'more' }) });

describe('files that a page writes on disk', () => {
  test('have their names when all are whole, and replace those that were there', async () => {
    await using files = new ServedOutput(address);
    const first = await files.create('model-00001.safetensors');
    const large = bytes(2_000_003);
    await first.write(large.subarray(0, 1_500_001));
    await first.write(large.subarray(1_500_001));
    writeFileSync(join(place, 'config.json'), 'old');
    await (await files.create('config.json')).write(bytes(3));
    expect(readFileSync(join(place, 'config.json'), 'utf8')).toBe('old');
    expect(await files.finish()).toEqual(['model-00001.safetensors', 'config.json']);
    expect(readdirSync(place).sort()).toEqual(['config.json', 'model-00001.safetensors']);
    expect(Buffer.compare(readFileSync(join(place, 'model-00001.safetensors')), large)).toBe(0);
    expect(new Uint8Array(readFileSync(join(place, 'config.json')))).toEqual(bytes(3));
  });

  test('leave nothing where they were not finished', async () => {
    const write = async () => {
      await using files = new ServedOutput(address);
      await (await files.create('a.bin')).write(bytes(7));
      throw new Error('cut short');
    };
    await expect(write()).rejects.toThrow('cut short');
    expect(readdirSync(place)).toEqual([]);
  });

  test('leave nothing where the page is gone', async () => {
    await (await new ServedOutput(address).create('a.bin')).write(bytes(7));
    expect(readdirSync(place)).toHaveLength(1);
    await server[Symbol.asyncDispose]();
    expect(readdirSync(place)).toEqual([]);
    server = await servePage(join(root, 'page'));
  });

  test('say why where they cannot be written', async () => {
    writeFileSync(place, 'a file in the way');
    await expect(new ServedOutput(address).create('a.bin')).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  test('lie in that folder alone, and come from the page of this server', async () => {
    for (const name of ['../secret', '..%2fsecret', '.hidden', 'a/b', 'a%2fb', 'a%00'])
      expect((await ask('POST', name)).ok, name).toBe(false);
    expect((await ask('PUT', 'never-begun')).status).toBe(409);
    expect((await ask('GET', 'a.bin')).status).toBe(405);
    expect((await ask('POST', 'a.bin', { origin: 'http://localhost:1' })).status).toBe(403);
    expect((await ask('POST', 'a.bin', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(readdirSync(root)).toEqual(['page']);
  });
});
