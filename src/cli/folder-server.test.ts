import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderPlaceError, type ServedFolder } from '../formats/hugging-face/folder-place.ts';
import { partsOfAddress } from '../formats/served-file.ts';
import { type PageServer, servePage } from './server.ts';

const BYTES = Uint8Array.from({ length: 10 }, (_, i) => i);

let root: string;
let model: string;
let server: PageServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'served-'));
  model = join(root, 'model');
  for (const folder of ['page', 'model', 'model/onnx']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'page/index.html'), '<!doctype html>');
  writeFileSync(join(root, 'secret'), 'no one may read this');
  writeFileSync(join(model, 'weights 1.bin'), BYTES);
  writeFileSync(join(model, 'onnx/inner.bin'), BYTES);
  server = await servePage(join(root, 'page'));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server answers to a path that goes over the wire as it is. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode: status, headers: given } = response;
        resolve({ status, headers: given, body: Buffer.concat(parts) });
      });
    });
    call.on('error', reject).end();
  });
}

const addressIn = ({ url }: ServedFolder, name = 'weights%201.bin') => `${url}${name}`;

describe('a folder that is served', () => {
  test('is told with its files, and gives each in parts, as a whole and by its size alone', async () => {
    const served = await server.serveFolder(model);
    expect(served.files).toEqual([{ name: 'weights 1.bin', bytes: 10 }]);
    const address = addressIn(served);
    const part = await ask(address, { range: 'bytes=2-4' });
    expect([part.status, part.headers['content-range'], [...part.body]]).toEqual([
      206,
      'bytes 2-4/10',
      [2, 3, 4],
    ]);
    expect([...(await ask(address, { range: 'bytes=8-' })).body]).toEqual([8, 9]);
    expect((await ask(address, { range: 'bytes=8-99' })).headers['content-range']).toBe(
      'bytes 8-9/10',
    );
    const whole = await ask(address);
    expect([whole.status, [...whole.body]]).toEqual([200, [...BYTES]]);
    const size = await ask(address, {}, 'HEAD');
    expect([size.status, size.headers['content-length'], size.body.length]).toEqual([200, '10', 0]);
    const headers = { 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' };
    expect(part.headers).toMatchObject(headers);
  });

  test('is of a file that file alone', async () => {
    const served = await server.serveFolder(join(model, 'weights 1.bin'));
    expect(served.files).toEqual([{ name: 'weights 1.bin', bytes: 10 }]);
    expect([...(await ask(addressIn(served))).body]).toEqual([...BYTES]);
    writeFileSync(join(model, 'other.bin'), BYTES);
    expect((await ask(addressIn(served, 'other.bin'))).status).toBe(404);
  });

  test.each(['bytes=10-', 'bytes=4-2', 'bytes=-3', 'bytes=0-1,4-5', 'bytes=a-b', 'lines=1-2'])(
    'has no part for the range %s',
    async (range) => {
      const answer = await ask(addressIn(await server.serveFolder(model)), { range });
      expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */10']);
    },
  );

  test('has an address that no other has, and is read by it alone', async () => {
    const first = await server.serveFolder(model);
    const second = await server.serveFolder(model);
    expect(first.url).not.toBe(second.url);
    const guessed = first.url.replace(/[0-9a-f]/g, '0');
    for (const path of [addressIn({ ...first, url: guessed }), '/weights%201.bin', '/model/x'])
      expect((await ask(path)).status, path).toBe(404);
  });

  test.each([
    '',
    '..',
    '../secret',
    '../../secret',
    '%2e%2e%2fsecret',
    '..%2f..%2fsecret',
    '..%5csecret',
    'onnx/inner.bin',
    'onnx%2finner.bin',
    './weights%201.bin',
    'weights%201.bin/',
    'weights%201.bin%00',
    '%',
    '__proto__',
    '/secret',
  ])('gives nothing for the name "%s"', async (name) => {
    const { status, body } = await ask(addressIn(await server.serveFolder(model), name));
    expect([status, body.includes('no one may read')]).toEqual([404, false]);
  });

  test.each<[string, Record<string, string>, string, number]>([
    ['another host', { host: 'example.org' }, 'GET', 403],
    ['another origin', { origin: 'https://example.org' }, 'GET', 403],
    ['a sandbox', { origin: 'null' }, 'GET', 403],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }, 'GET', 403],
    ['a link from elsewhere', { 'sec-fetch-site': 'cross-site' }, 'GET', 403],
    ['who wants to write', {}, 'PUT', 405],
  ])('is refused to %s', async (_, headers, method, status) => {
    const answer = await ask(addressIn(await server.serveFolder(model)), headers, method);
    expect([answer.status, [...answer.body]]).not.toEqual([200, [...BYTES]]);
    expect(answer.status).toBe(status);
  });

  test('that changes is told to be another between two parts', async () => {
    const served = await server.serveFolder(model);
    const address = new URL(addressIn(served), server.url).href;
    const file = partsOfAddress(address, 10);
    expect(await file.read(0, 5)).toEqual(BYTES.slice(0, 5));
    rmSync(join(model, 'weights 1.bin'));
    writeFileSync(join(model, 'weights 1.bin'), BYTES.toReversed());
    await expect(file.read(5, 10)).rejects.toThrow('the file has changed since it was opened');
    appendFileSync(join(model, 'weights 1.bin'), 'more');
    await expect(partsOfAddress(address, 10).read(0, 5)).rejects.toThrow(
      'the file has 14 bytes now and had 10',
    );
    rmSync(join(model, 'weights 1.bin'));
    await expect(file.read(5, 10)).rejects.toThrow('the server answers 404');
  });
});

describe('links', () => {
  test('within the folder are files of it', async () => {
    symlinkSync('weights 1.bin', join(model, 'b.bin'));
    const served = await server.serveFolder(model);
    expect([...(await ask(addressIn(served, 'b.bin'))).body]).toEqual([...BYTES]);
  });

  test('out of the folder are refused by name', async () => {
    symlinkSync(join(root, 'secret'), join(model, 'b.bin'));
    const serving = server.serveFolder(model);
    await expect(serving).rejects.toThrow(FolderPlaceError);
    await expect(serving).rejects.toThrow('"b.bin" is a link that leads out of the folder');
  });

  test('into a folder whose name begins alike are refused', async () => {
    mkdirSync(join(root, 'model-2'));
    writeFileSync(join(root, 'model-2/x'), 'x');
    symlinkSync('../model-2/x', join(model, 'b.bin'));
    await expect(server.serveFolder(model)).rejects.toThrow(FolderPlaceError);
  });

  test('that take the place of a file later lead nowhere', async () => {
    const served = await server.serveFolder(model);
    rmSync(join(model, 'weights 1.bin'));
    symlinkSync(join(root, 'secret'), join(model, 'weights 1.bin'));
    expect((await ask(addressIn(served))).status).toBe(404);
  });

  test("of a snapshot in Hugging Face's cache lead to its blobs, and nowhere else", async () => {
    const snapshot = join(root, 'hub/models--tiny/snapshots/1a2b');
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(root, 'hub/models--tiny/blobs'));
    writeFileSync(join(root, 'hub/models--tiny/blobs/9c'), BYTES);
    symlinkSync('../../blobs/9c', join(snapshot, 'weights.bin'));
    const served = await server.serveFolder(snapshot);
    expect([...(await ask(addressIn(served, 'weights.bin'))).body]).toEqual([...BYTES]);
    symlinkSync(join(root, 'secret'), join(snapshot, 'b.bin'));
    await expect(server.serveFolder(snapshot)).rejects.toThrow(FolderPlaceError);
  });
});
