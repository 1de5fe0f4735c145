import { expect, test } from 'vitest';
import { ask } from './ask.ts';
import { serve } from './fixtures/model-server.ts';

const WAITS = [1, 1, 1];

test('a part is given, behind redirects too', async () => {
  await using server = await serve(({ url, headers }, response) => {
    if (url === '/a') return void response.writeHead(302, { location: '/b' }).end();
    if (url === '/b') return void response.writeHead(307, { location: `${server.url}c` }).end();
    response.writeHead(206, { 'x-range': headers.range }).end('part');
  });
  const answer = await ask(new URL('a', server.url), {
    ...{ most: 4, headers: { range: 'bytes=0-3' } },
  });
  expect([answer.status, await answer.text(), answer.headers.get('x-range')]).toEqual([
    ...[206, 'part', 'bytes=0-3'],
  ]);
  expect(server.asked).toEqual(['/a bytes=0-3', '/b bytes=0-3', '/c bytes=0-3']);
});

test.each([
  ['/loop', 'more than 5 redirects'],
  ['ftp://example.org/', 'is asked by https alone'],
  ['http://example.org/', 'plain http is for this computer'],
  ['http://', 'leads to something that is no address'],
])('a redirect to %s is refused', async (location, says) => {
  await using server = await serve(
    (_, response) => void response.writeHead(302, { location }).end(),
  );
  await expect(ask(new URL(server.url), { most: 1 })).rejects.toThrow(says);
  expect(server.asked.length).toBeLessThanOrEqual(6);
});

test('what may be otherwise is tried again, and no more often than that', async () => {
  let left = 2;
  await using server = await serve((_, response) => {
    if (left-- > 0) return void response.writeHead(503).end();
    response.writeHead(206).end('yes');
  });
  const answer = await ask(new URL(server.url), { most: 3, waitsMs: WAITS });
  expect(await answer.text()).toBe('yes');
  left = 10;
  await expect(ask(new URL(server.url), { most: 3, waitsMs: WAITS })).rejects.toThrow(
    'the server answers 503: try again later',
  );
  expect(server.asked.length).toBe(3 + 1 + WAITS.length);
});

test('a server that takes a connection and says nothing is given up at once', async () => {
  await using server = await serve(() => {});
  const asked = ask(new URL(server.url), { most: 1, waitsMs: WAITS, idleMs: 100 });
  await expect(asked).rejects.toThrow(
    `${new URL(server.url).host} does not answer (nothing came for 0.1 s): is the address right?`,
  );
  expect(server.asked.length).toBe(1);
});

test('a server that breaks off is asked again', async () => {
  let first = true;
  await using server = await serve((_, response) => {
    response.writeHead(206, { 'content-length': 8 });
    if (!first) return void response.end('complete');
    first = false;
    response.write('com', () => response.destroy());
  });
  const answer = await ask(new URL(server.url), { most: 8, waitsMs: WAITS });
  expect(await answer.text()).toBe('complete');
  expect(server.asked.length).toBe(2);
});

test('no more is taken than was asked for, and an endless answer ends', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(206);
    const more = () => void (response.destroyed || response.write(Buffer.alloc(2 ** 16), more));
    more();
  });
  await expect(ask(new URL(server.url), { most: 100 })).rejects.toThrow('more than the 100 bytes');
  expect(server.asked.length).toBe(1);
});

test('a server that is not there is told with its address', async () => {
  const server = await serve(() => {});
  await server[Symbol.asyncDispose]();
  await expect(ask(new URL(server.url), { most: 1, waitsMs: [1] })).rejects.toThrow(
    `${new URL(server.url).host} does not answer`,
  );
});

test.each(['127.0.0.1', 'localhost', '[::1]'])(
  '%s is not asked where only others may be',
  async (host) => {
    await using server = await serve((_, response) => void response.writeHead(206).end('secret'));
    const url = new URL(server.url);
    url.hostname = host;
    await expect(ask(url, { most: 9, isLocalAllowed: false, waitsMs: [] })).rejects.toThrow(
      'is this computer or its network, which a page may not ask',
    );
    expect(server.asked).toEqual([]);
  },
);
