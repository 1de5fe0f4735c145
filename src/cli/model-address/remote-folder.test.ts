import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shardedFolder, tinyTensors } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { remoteFolder } from '../../formats/hugging-face/remote-folder.ts';
import { sha256 } from '../../formats/sha256.ts';
import { ask } from './ask.ts';
import { type ModelServer, partsOf, serve } from './fixtures/model-server.ts';
import { keepModel, placeOfAddress } from './kept-model.ts';

let root: string;
let server: ModelServer;
const write = (files: Readonly<Record<string, string | Uint8Array>>) => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
};
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'remote-'));
  server = await serve(partsOf(root));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
const at = ({ url: base }: ModelServer, path = '') =>
  remoteFolder(new URL(path, base), (url, asked) => ask(url, { ...asked, waitsMs: [1] }));
const open = (path = '') => at(server, path);
const SHARDS = () => {
  const tensors = Object.entries(tinyTensors());
  return shardedFolder({
    'a.safetensors': Object.fromEntries(tensors.slice(0, 3)),
    'b.safetensors': Object.fromEntries(tensors.slice(3)),
  });
};

test('the files that a model has are found with their sizes, and no weight is read', async () => {
  write({ 'config.json': '{}', 'tokenizer.json': '{"a":1}', 'README.md': 'x', ...SHARDS() });
  const files = await open();
  expect([...files].map(([name, { bytes }]) => [name, bytes])).toEqual(
    [
      ...['config.json', 'tokenizer.json', 'model.safetensors.index.json'],
      ...['a.safetensors', 'b.safetensors'],
    ].map((name) => [name, readFileSync(join(root, name)).length]),
  );
  expect(server.asked.filter((line) => /\.safetensors bytes/.test(line))).toEqual([
    '/model.safetensors bytes=0-1',
    '/a.safetensors bytes=0-1',
    '/b.safetensors bytes=0-1',
  ]);
  const part = await files.get('a.safetensors')?.read(3, 9);
  expect([...(part ?? [])]).toEqual([...readFileSync(join(root, 'a.safetensors')).subarray(3, 9)]);
});

test('a server that takes a range to byte 0 for one without an end is asked all the same', async () => {
  write({ 'a.gguf': 'GGUF' });
  const parts = partsOf(root);
  await using careless = await serve((request, response) => {
    const { range } = request.headers;
    if (range?.endsWith('-0')) request.headers.range = range.slice(0, -1);
    parts(request, response);
  });
  const folder = await at(careless, 'a.gguf');
  expect(await folder.get('a.gguf')?.read(1, 3)).toEqual(new TextEncoder().encode('GU'));
});

test('the address of a file is that file', async () => {
  write({ 'a b.gguf': 'GGUF and more' });
  const files = await open('a%20b.gguf');
  expect([...files.keys()]).toEqual(['a b.gguf']);
  expect(await files.get('a b.gguf')?.read(0, 4)).toEqual(new TextEncoder().encode('GGUF'));
});

test('pieces of large files are requests of their own', async () => {
  const bytes = new Uint8Array(2 ** 23 + 5).map((_, i) => i * 7);
  write({ 'config.json': '{}', 'model.safetensors': bytes });
  const file = (await open()).get('model.safetensors');
  expect(Buffer.compare((await file?.read(0, bytes.length)) as Uint8Array, bytes)).toBe(0);
  expect(server.asked.slice(-2)).toEqual([
    `/model.safetensors bytes=0-${2 ** 23 - 1}`,
    `/model.safetensors bytes=${2 ** 23}-${2 ** 23 + 4}`,
  ]);
});

test('what is missing is told, and what an index names outside is never asked for', async () => {
  await expect(open()).rejects.toThrow('the server has no config.json there: give the address');
  write({ 'config.json': '{}' });
  await expect(open()).rejects.toThrow('no model.safetensors or model.safetensors.index.json');
  const weight_map = { a: '../secret', b: '/etc/passwd', c: 'c.safetensors' };
  write({ 'model.safetensors.index.json': JSON.stringify({ weight_map }) });
  expect([...(await open()).keys()]).not.toContain('c.safetensors');
  expect(server.asked.some((line) => /secret|passwd/.test(line))).toBe(false);
});

test('a server that knows no ranges gives small files, and large ones are refused', async () => {
  let length = 2;
  await using whole = await serve((request, response) => {
    if (request.url !== '/config.json' && request.url !== '/model.safetensors')
      return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': length }).end(Buffer.alloc(length, 'x'));
  });
  const folder = await at(whole);
  expect(await folder.get('model.safetensors')?.read(0, 2)).toEqual(new TextEncoder().encode('xx'));
  length = 2 ** 24 + 1;
  await expect(at(whole)).rejects.toThrow(
    `"config.json": the server gives files whole alone, and this one has ${length} bytes`,
  );
});

test.each([
  [401, 'gives this to its own users alone'],
  [403, 'gives this to its own users alone'],
  [500, 'the server answers 500: try again later'],
  [418, 'the server answers 418 where its first byte'],
])('an answer of %d is told in a line', async (status, says) => {
  await using refusing = await serve((_, response) => void response.writeHead(status).end());
  const opening = at(refusing);
  await expect(opening).rejects.toThrow(says);
  await expect(opening).rejects.toThrow(/^"config\.json": [^\n]*$/);
});

test('a file that changes while it is read is told', async () => {
  write({ 'config.json': '{}', 'model.safetensors': 'before' });
  const file = (await open()).get('model.safetensors');
  rmSync(join(root, 'model.safetensors'));
  write({ 'model.safetensors': 'behind' });
  await expect(file?.read(0, 3)).rejects.toThrow('has changed since it was opened: try again');
});

test('a model is kept with its sums, and fetched again only where it is another or damaged', async () => {
  write({ 'config.json': '{}', 'model.safetensors': 'weights' });
  const place = placeOfAddress(server.url, join(root, 'kept'));
  const fetched: string[] = [];
  const keep = async () => {
    fetched.length = 0;
    return await keepModel(server.url, await open(), place, (name, done) => {
      if (done === 0) fetched.push(name);
    });
  };
  const origin = await keep();
  expect(fetched).toEqual(['config.json', 'model.safetensors']);
  expect(origin).toMatchObject({
    address: server.url,
    files: {
      'model.safetensors': { bytes: 7, sha256: await sha256(new TextEncoder().encode('weights')) },
    },
  });
  expect(readdirSync(place).sort()).toEqual(['config.json', 'model.safetensors', 'origin.json']);
  expect(await keep()).toEqual(origin);
  expect(fetched).toEqual([]);
  writeFileSync(join(place, 'model.safetensors'), 'Weights');
  await keep();
  expect(fetched).toEqual(['config.json', 'model.safetensors']);
  expect(readFileSync(join(place, 'model.safetensors'), 'utf8')).toBe('weights');
  rmSync(join(root, 'model.safetensors'));
  write({ 'model.safetensors': 'others' });
  await keep();
  expect(readFileSync(join(place, 'model.safetensors'), 'utf8')).toBe('others');
});

test('nothing is kept of a model that is not whole', async () => {
  write({ 'config.json': '{}', 'model.safetensors': 'weights' });
  const files = await open();
  rmSync(join(root, 'model.safetensors'));
  const place = placeOfAddress(server.url, join(root, 'kept'));
  await expect(keepModel(server.url, files, place, () => {})).rejects.toThrow('404');
  expect(readdirSync(join(root, 'kept'))).toEqual([]);
});

test('what is no file of a model is told by what the server does', async () => {
  await using pages = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>');
  });
  await expect(at(pages)).rejects.toThrow('"config.json": the server gives a web page: give');
  await using shifted = await serve((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 7-8/519' }).end('{}');
  });
  await expect(at(shifted)).rejects.toThrow(
    'the server gives "bytes 7-8/519" where bytes 0 to 2 are asked for: use one that knows',
  );
});
