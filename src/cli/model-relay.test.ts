import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ModelServer, partsOf, serve } from './model-address/fixtures/model-server.ts';
import { type PageServer, servePage } from './server.ts';

let root: string;
let models: ModelServer;
let page: PageServer;
const start = (server?: string) => servePage(root, 0, undefined, root, { models: server });
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'relay-'));
  writeFileSync(join(root, 'a b.json'), '0123456789');
  models = await serve(partsOf(root));
  page = await start(new URL(models.url).origin);
});
afterEach(async () => {
  await models[Symbol.asyncDispose]();
  await page[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(new URL(path, page.url), { headers });

test('a part of a file of the named server comes with what tells its place and version', async () => {
  const part = await ask('model-server/a%20b.json', { range: 'bytes=2-4' });
  expect(part.status).toBe(206);
  expect(await part.text()).toBe('234');
  expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
  expect(models.asked).toEqual(['/a%20b.json bytes=2-4']);
  expect((await ask('model-server/none.json', { range: 'bytes=0-0' })).status).toBe(404);
});

test('what is no part, or too long a one, is not asked for', async () => {
  for (const range of ['bytes=0-', 'bytes=-5', 'bytes=4-2', 'bytes=0-8388608', 'bytes=0-1,3-4'])
    expect((await ask('model-server/a%20b.json', { range })).status, range).toBe(416);
  expect(models.asked).toEqual([]);
});

test('no path leads to another server', async () => {
  for (const path of ['model-server//127.0.0.1:1/x', 'model-server/@127.0.0.1:1/x'])
    expect((await ask(path, { range: 'bytes=0-0' })).status, path).toBe(404);
  expect(models.asked.length).toBe(2);
});

test('only the page of this server may ask', async () => {
  for (const headers of [{ origin: 'http://localhost:1' }, { 'sec-fetch-site': 'same-site' }]) {
    const answer = await ask('model-server/a%20b.json', { range: 'bytes=0-0', ...headers });
    expect(answer.status).toBe(403);
  }
  expect(models.asked).toEqual([]);
});

test('a computer of this network is refused in one line, and without a named server there is no relay', async () => {
  await using other = await start('https://10.0.0.1');
  const refused = await fetch(new URL('model-server/x', other.url));
  expect(refused.status).toBe(502);
  expect(await refused.text()).toMatch(/^10\.0\.0\.1 is this computer or its network/);
  await using none = await start();
  expect((await fetch(new URL('model-server/x', none.url))).status).toBe(404);
});
