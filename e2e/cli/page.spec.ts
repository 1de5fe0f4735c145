import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** Status and headers of a GET, with any Host that one likes. */
function get(
  url: string,
  host?: string,
): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers: host ? { host } : {} }, ({ statusCode, headers }) =>
      resolve({ status: statusCode, headers }),
    );
    call.on('error', reject).end();
  });
}

test('with a display, npm start serves the page and opens it with tier and filters in its address', async ({
  folder,
}) => {
  const browser = join(folder, 'browser');
  const opened = join(folder, 'opened');
  writeFileSync(
    browser,
    `#!/bin/sh\nprintf '%s\\n' "$@" > ${opened}.part && mv ${opened}.part ${opened}\n`,
  );
  chmodSync(browser, 0o755);
  const { CI: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [
      'scripts/start.mjs',
      ...['--tier', 'full', '--filter', 'quant.*', '--filter', '!*fp16*'],
      ...['--share-base', 'https://example.org/g/', '--log-to', 'http://localhost:8080/'],
      ...['--model-server', 'https://example.org'],
    ],
    {
      cwd: ROOT,
      env: { ...env, DISPLAY: ':99', GRADPROOF_BROWSER: browser },
      stdio: 'ignore',
    },
  );
  try {
    await expect.poll(() => existsSync(opened)).toBe(true);
    const address = new URL(readFileSync(opened, 'utf8').trimEnd().split('\n').at(-1) ?? '');
    expect(address.searchParams.get('tier')).toBe('full');
    expect(address.searchParams.getAll('filter')).toEqual(['quant.*', '!*fp16*']);
    const page = await get(address.href);
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(page.headers['set-cookie']).toEqual([
      expect.stringContaining('gradproof-share-base=https%3A%2F%2Fexample.org%2Fg%2F;'),
      expect.stringContaining('gradproof-model-server=https%3A%2F%2Fexample.org;'),
      expect.stringContaining('gradproof-log-sink=http%3A%2F%2Flocalhost%3A8080;'),
    ]);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    expect((await get(address.href, `evil.example:${address.port}`)).status).toBe(403);
    expect((await get(`${address.origin}/..%2f..%2fpackage.json`)).status).toBe(404);
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
  } finally {
    child.kill('SIGKILL');
  }
});
