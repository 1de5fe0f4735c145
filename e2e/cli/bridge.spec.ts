import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBridgeFragment } from '../../src/backends/bridge/address.ts';
import { readReport } from '../../src/report/read.ts';
import { noBridge } from '../bridge.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

test.skip(noBridge !== undefined, noBridge ?? '');

const FILTER = ['--filter', 'ops.matmul.matmul:exact;*'];

for (const runtime of ['chromium', 'node']) {
  test(`the same cases run on a device of the bridge, in ${runtime}`, { tag: '@long' }, async ({
    folder,
  }) => {
    const report = join(folder, 'report.json');
    const { status, stdout, stderr } = await gradproof([
      '--runtime',
      runtime,
      '--backend',
      'webgpu,bridge-numpy-cpu',
      ...FILTER,
      '--report',
      report,
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\nnumpy \S+: (\d+) of \1 agree, live on CPU\n/);
    const { results } = readReport(readFileSync(report), 'report.json');
    const live = results.filter(({ backend }) => backend === 'bridge-numpy-cpu');
    expect(live.length).toBeGreaterThan(3);
    for (const { status: verdict, metrics } of live)
      expect([verdict, typeof metrics?.['roundTripMs']]).toEqual(['pass', 'number']);
    expect(stdout, 'devices of a machine are in no plan, so a link holds').toContain('Share it: ');
  });
}

test('the cases of a device can be listed, and a device that is not there is named', {
  tag: '@long',
}, async () => {
  const listed = await gradproof(['--list', '--backend', 'bridge-numpy-cpu', ...FILTER]);
  expect(listed.status).toBe(0);
  expect(listed.stdout).toMatch(/^(ops\.matmul\.matmul:exact\S+ bridge-numpy-cpu\n)+$/);
  const unknown = await gradproof(['--list', '--backend', 'bridge-abacus']);
  expect([unknown.status, unknown.stdout]).toEqual([2, '']);
  expect(unknown.stderr).toMatch(
    /^gradproof: --backend bridge-abacus: the bridge has [^\n]*bridge-numpy-cpu[^\n]*\n$/,
  );
});

test('with a display, npm start -- --bridge opens the page with the address of a bridge that ends with it', async ({
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
  const child = spawn(process.execPath, ['scripts/start.mjs', '--bridge'], {
    cwd: ROOT,
    env: { ...env, DISPLAY: ':99', GRADPROOF_BROWSER: browser },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    await expect.poll(() => existsSync(opened)).toBe(true);
    const page = new URL(readFileSync(opened, 'utf8').trimEnd().split('\n').at(-1) ?? '');
    expect(page.pathname).toBe('/bridge.html');
    const address = parseBridgeFragment(page.hash);
    const health = () =>
      fetch(`http://127.0.0.1:${address?.port}/health`, {
        headers: { authorization: `Bearer ${address?.token}`, origin: page.origin },
      });
    expect((await health()).status).toBe(200);
    const policy = (await fetch(page)).headers.get('content-security-policy');
    expect(policy).toContain(`connect-src 'self' http://127.0.0.1:${address?.port};`);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await expect(health()).rejects.toThrow();
  } finally {
    child.kill('SIGKILL');
  }
});
