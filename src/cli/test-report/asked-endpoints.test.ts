import { get } from 'node:http';
import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { serve } from '../model-address/fixtures/model-server.ts';
import { askedEndpoints } from './asked-endpoints.ts';

/** How a request ends: with a status, or without one. */
const asked = (url: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    get(url, { agent: false }, (response) => resolve(response.resume().statusCode)).on(
      'error',
      () => resolve(undefined),
    );
  });

test(
  'what a test is said to have asked a real server of this process has got',
  covers('fsdp.utilities.pattern-mocks-replaced/real-local-servers').control(
    'what is sent is told, whether a server is there or not',
    {
      file: 'src/cli/test-report/asked-endpoints.ts',
      from: "'http.server.request.start'",
      to: "'http.client.request.start'",
    },
  ),
  async () => {
    expect([...askedEndpoints]).toEqual([]);
    const server = await serve((_, response) => void response.writeHead(204).end());
    expect(await asked(`${server.url}runs/1?key=2`)).toBe(204);
    await server[Symbol.asyncDispose]();
    expect(await asked(`${server.url}gone`)).toBe(undefined);
    expect([...askedEndpoints]).toEqual(['GET /runs/1']);
  },
);
