import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PageServer, servePage } from './server.ts';

const SCRIPT = `${'export const half = 0.5;\n'.repeat(99)}export {};\n`;
const COMPRESSED = brotliCompressSync(SCRIPT);
const TAKES_BROTLI = { 'accept-encoding': 'gzip, deflate, br, zstd' };

let folder: string;
let server: PageServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradproof-server-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/page.js'), SCRIPT);
  writeFileSync(join(folder, 'assets/page.js.br'), COMPRESSED);
  server = await servePage(folder, 0, 'https://example.org/g/');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server answers, as it comes over the wire. */
function ask(path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, server.url), { headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      );
    });
    call.on('error', reject).end();
  });
}

describe('a file that the build compressed', () => {
  test('is sent compressed to who takes that, and as it is to others', async () => {
    const small = await ask('assets/page.js', TAKES_BROTLI);
    expect(small.headers).toMatchObject({
      'content-encoding': 'br',
      'content-length': `${COMPRESSED.length}`,
      'content-type': 'text/javascript',
      vary: 'Accept-Encoding',
    });
    expect(brotliDecompressSync(small.body).toString()).toBe(SCRIPT);
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const plain = await ask('assets/page.js', headers);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.headers.vary, 'who keeps it must not give it to who asks otherwise').toBe(
        'Accept-Encoding',
      );
      expect(plain.body.toString()).toBe(SCRIPT);
    }
  });

  test('has the headers of any other', async () => {
    const [compressed, plain] = await Promise.all([
      ask('assets/page.js', TAKES_BROTLI),
      ask('assets/page.js', {}),
    ]);
    const own = ['content-encoding', 'content-length', 'date', 'last-modified'];
    const shared = ({ headers }: Answer) =>
      Object.entries(headers).filter(([name]) => !own.includes(name));
    expect(shared(compressed)).toEqual(shared(plain));
    expect(compressed.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  test('is described by HEAD as GET sends it', async () => {
    const [head, get] = await Promise.all([
      ask('assets/page.js', TAKES_BROTLI, 'HEAD'),
      ask('assets/page.js', TAKES_BROTLI),
    ]);
    expect(head.body).toHaveLength(0);
    const { date: _, ...described } = head.headers;
    expect(get.headers).toMatchObject(described);
    expect(described['content-length']).toBe(`${COMPRESSED.length}`);
  });

  test('is sent in parts of the form that was asked for', async () => {
    const forms = [
      [{}, Buffer.from(SCRIPT)],
      [TAKES_BROTLI, COMPRESSED],
    ] as const;
    for (const [headers, whole] of forms) {
      const part = await ask('assets/page.js', { ...headers, range: 'bytes=3-12' });
      expect(part.status).toBe(206);
      expect(part.headers['content-range']).toBe(`bytes 3-12/${whole.length}`);
      expect(part.body).toEqual(whole.subarray(3, 13));
    }
  });
});

test('a file that the build did not compress is sent as it is', async () => {
  const { headers, body } = await ask('', TAKES_BROTLI);
  expect(headers['content-encoding']).toBeUndefined();
  expect(body.toString()).toBe('<!doctype html>');
});

test('pages tell their scripts where links lead, other files do not', async () => {
  const told = ['', 'index.html', 'assets/page.js'].map(
    async (path) => (await ask(path, {})).headers['set-cookie'],
  );
  const cookie = [
    expect.stringContaining('gradproof-share-base=https%3A%2F%2Fexample.org%2Fg%2F'),
    expect.stringMatching(/^gradproof-model-server=;.*Max-Age=0$/),
    expect.stringMatching(/^gradproof-log-sink=;.*Max-Age=0$/),
  ];
  expect(await Promise.all(told)).toEqual([cookie, cookie, undefined]);
});
