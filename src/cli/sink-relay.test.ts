import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunSink, runSink } from '../harness/tuning/fixtures/run-sink.ts';
import { LogSink } from '../harness/tuning/log-sink.ts';
import { type PageServer, servePage } from './server.ts';

let root: string;
let sink: RunSink;
let page: PageServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'relay-'));
  sink = await runSink();
  page = await servePage(root, 0, undefined, root, { sink: sink.url });
});
afterEach(async () => {
  await sink[Symbol.asyncDispose]();
  await page[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
const RUN = { id: 'run-1', title: 'lora of tiny', config: { lr: 0.1 } };
const tell = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(new URL('log-sink/graphql', page.url), { method: 'POST', body, headers });

test('what a page tells of its run reaches the sink, and the answer the page', async () => {
  const told = await LogSink.open(`${page.url}log-sink`, RUN);
  await told.tell({ offset: 0, lines: ['{"loss":2}'], exitCode: 0 });
  expect(sink.runs.get('run-1')).toMatchObject({
    title: RUN.title,
    rows: [{ loss: 2 }],
    exitCode: 0,
  });
  expect(sink.asked).toEqual(['POST /graphql', 'POST /files/people/gradproof/run-1/file_stream']);
});

test('only the page of this server may tell, and it tells by POST alone', async () => {
  for (const headers of [{ origin: 'http://localhost:1' }, { 'sec-fetch-site': 'cross-site' }])
    expect((await tell('{}', headers)).status).toBe(403);
  expect((await fetch(new URL('log-sink/graphql', page.url))).status).toBe(404);
  expect((await fetch(page.url, { method: 'POST', body: '{}' })).status).toBe(405);
  await using none = await servePage(root, 0, undefined, root);
  const without = await fetch(new URL('log-sink/graphql', none.url), {
    method: 'POST',
    body: '{}',
  });
  expect(without.status).toBe(405);
  expect(sink.asked).toEqual([]);
});

test('what is too much, redirects, and a sink that is gone do not get through', async () => {
  expect((await tell('x'.repeat(2 ** 24 + 1))).status).toBe(413);
  expect(sink.asked).toEqual([]);
  sink.instead = (response) => void response.writeHead(302, { location: page.url }).end();
  expect((await tell('{}')).status).toBe(502);
  sink.instead = (response) => void response.writeHead(503).end('busy');
  const busy = await tell('{}');
  expect([busy.status, await busy.text()]).toEqual([503, 'busy']);
  await sink[Symbol.asyncDispose]();
  expect((await tell('{}')).status).toBe(502);
  sink = await runSink();
});
