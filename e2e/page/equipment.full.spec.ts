import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { SOFTWARE_ADAPTER } from '../../src/cli/browser/arguments.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { EQUIPMENT_WORDS } from '../../src/report/equipment/words.ts';
import { gradproof } from '../cli/gradproof.ts';
import { expect, open } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { staticHost } from './static-host.ts';

const { names, fixes, nothing } = EQUIPMENT_WORDS;

/** The table's rows: what is here, and what to do about it. */
async function told(page: Page): Promise<Readonly<Record<string, readonly string[]>>> {
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  await page.getByText('What is here, piece by piece').click();
  const rows = page.locator('gp-equipment').getByRole('row');
  await expect(rows.nth(1)).toBeAttached();
  const cells = await rows.evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? '')),
  );
  return Object.fromEntries(cells.slice(1).map(([name = '', ...rest]) => [name, rest]));
}

const PIECES = Object.values(names);

test(
  'page and command tell every piece, each with one line of what to do',
  covers('fsdp.utilities.environment-doctor/lists-environment').control('features are left out', {
    file: 'src/report/equipment.ts',
    from: '...USED_FEATURES.map(',
    to: '...USED_FEATURES.slice(3).map(',
  }),
  async ({ page }) => {
    await open(page);
    const shown = await told(page);
    expect(Object.keys(shown)).toEqual(PIECES);
    for (const [name, [here = '', todo = '', ...more]] of Object.entries(shown)) {
      expect(here, name).not.toBe('');
      expect([nothing, ...Object.values(fixes)], name).toContain(todo);
      expect(more, name).toEqual([]);
    }
    expect(shown[names.program]?.[0]).toMatch(/^Chromium \d+$/);
    expect(shown[names.isolation]).toEqual(['there', nothing]);
    const { status, stdout } = await gradproof(['doctor']);
    expect(status).toBe(0);
    const ofChromium = stdout.slice(stdout.indexOf('\nchromium'), stdout.indexOf('\nnode'));
    const lines = ofChromium.split('\n').map((line) => line.trim());
    const ends = [nothing, ...Object.values(fixes)];
    for (const name of PIECES.filter((one) => one !== names.secure && one !== names.bridge)) {
      const own = lines.filter(
        (line) => line.startsWith(`${name}: `) && ends.some((end) => line.endsWith(`; ${end}`)),
      );
      expect(own, name).toHaveLength(1);
    }
    expect(stdout).toMatch(/^bridge\n {10}Bridge to Python: /m);
  },
);

/** A browser of its own with these arguments. */
async function withBrowser<T>(
  args: readonly string[],
  look: (page: Page) => Promise<T>,
): Promise<T> {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const executablePath = findBrowsers()[0]?.path;
  const browser = await chromium.launch({
    args: [...root, '--disable-quic', ...args],
    ...(executablePath ? { executablePath } : {}),
  });
  try {
    return await look(await browser.newPage({ serviceWorkers: 'block' }));
  } finally {
    await browser.close();
  }
}

const HOST = 'gradproof.test';
const UNSAFE = '--enable-unsafe-webgpu';

/** What starts a browser that is broken in one way, the piece that tells it, and its advice. */
const BROKEN = {
  'no adapter may be used': ['adapter', 'adapter', ['--use-webgpu-adapter=swiftshader']],
  'a processor computes': ['adapter', 'fallback', [UNSAFE, ...SOFTWARE_ADAPTER]],
  'the chip has no 16 bits': ['shader-f16', 'shader-f16', [UNSAFE, ...SOFTWARE_ADAPTER]],
  'the address is plain http': [
    'secure',
    'secure',
    [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  ],
  'there is no private file system': [
    'storage',
    'storage',
    [UNSAFE, ...SOFTWARE_ADAPTER, '--disable-blink-features=FileSystemAccessOriginPrivate'],
  ],
} as const;

test(
  'eight setups that are really broken are each told with their own advice',
  covers('fsdp.utilities.environment-doctor/eight-broken-setups').control(
    'where a processor computes the advice is that for no adapter',
    {
      file: 'src/report/equipment.ts',
      from: 'fix: words.fixes.fallback',
      to: 'fix: words.fixes.adapter',
    },
  ),
  async ({ server, folder }) => {
    await using host = await staticHost('dist/page');
    for (const [setup, [piece, advice, args]] of Object.entries(BROKEN)) {
      const address = piece === 'secure' ? host.url.replace('localhost', HOST) : server.url;
      const shown = await withBrowser(args, async (page) => {
        await open(page, address);
        return await told(page);
      });
      expect(shown[names[piece]]?.[1], setup).toBe(fixes[advice]);
    }
    const broken = join(folder, 'browser');
    writeFileSync(broken, '#!/bin/sh\nexit 1\n');
    chmodSync(broken, 0o755);
    const doctor = async (env: NodeJS.ProcessEnv) => (await gradproof(['doctor'], { env })).stdout;
    expect(await doctor({ GRADPROOF_BROWSER: '/nowhere' })).toMatch(
      /^chromium +not usable: GRADPROOF_BROWSER names \/nowhere, where there is no program: install/m,
    );
    // A browser that does not start, and no driver for Node.
    expect(await doctor({ GRADPROOF_BROWSER: broken, VK_LOADER_DRIVERS_DISABLE: '*' })).toMatch(
      /^chromium +not usable: .* does not start: [^\n]*\nnode +not usable: [^\n]*(no Vulkan driver|Mesa)/m,
    );
  },
);

test('a host that sends no headers is told to send them', async ({ page }) => {
  await using host = await staticHost('dist/page');
  await open(page, host.url);
  expect((await told(page))[names.isolation]).toEqual(['not there', fixes.isolation]);
});
