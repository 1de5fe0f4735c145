import { dirname } from 'node:path';
import type { Browser } from '@playwright/test';
import { chromium } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { SOFTWARE_ADAPTER } from '../../src/cli/browser/arguments.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { gradproof } from '../cli/gradproof.ts';
import type { Looked } from './backends-module.ts';
import { besidePage } from './module-page.ts';
import { test as base, expect } from './page-test.ts';

const test = base.extend<Record<never, never>, { beside: string }>({
  /** The address of a page with a module beside it that looks for backends. */
  beside: [besidePage('backends-module.ts', 'backends.js'), { scope: 'worker' }],
});

/** What a page of this browser finds; `without` takes WebGPU away before anything runs. */
async function lookedIn(browser: Browser, address: string, without = false): Promise<Looked> {
  const page = await browser.newPage();
  if (without) await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'));
  await page.goto(address);
  await page.addScriptTag({ url: '/backends.js', type: 'module' });
  await page.waitForFunction(() => 'look' in globalThis);
  const looked = await page.evaluate(() =>
    (globalThis as unknown as { look: () => Promise<unknown> }).look(),
  );
  await page.close();
  return looked as Looked;
}

const ADAPTERS = ['webgpu', 'webgpu-default', 'webgpu-low-power', 'webgpu-fallback'];
const codesOf = ({ found }: Looked) =>
  found.map(({ name, absent }) => [name, absent?.code ?? 'there']);

test('a page lists every adapter, what is there beside them, and what is not', {
  ...covers('fsdp.backend.detection-and-management/enumerates-backends').control(
    'one wish is left',
    {
      file: 'src/backends/manager/detect.ts',
      from: "  ['webgpu-low-power', { powerPreference: 'low-power' }],\n",
      to: '',
    },
  ),
  tag: '@long',
}, async ({ browser, beside }) => {
  const looked = await lookedIn(browser, beside);
  expect(codesOf(looked)).toEqual([
    ...ADAPTERS.map((name) => [name, 'there']),
    ['ort-wasm', 'not-installed'],
    ['reference', 'there'],
    ['webgl', 'not-implemented'],
  ]);
  expect(looked.chosen).toBe('webgpu');
  const asked = await lookedIn(browser, `${beside}?backend=reference`);
  expect(asked.chosen).toBe('reference');
});

test('without navigator.gpu a page says so, and the reference still computes', {
  ...covers('fsdp.backend.detection-and-management/gpu-removed').control('it is taken for there', {
    file: 'src/gpu/device.ts',
    from: "    'no-webgpu',\n    'this browser has",
    to: "    'no-adapter',\n    'this browser has",
  }),
  tag: '@long',
}, async ({ browser, beside }) => {
  const looked = await lookedIn(browser, beside, true);
  expect(codesOf(looked)).toEqual([
    ...ADAPTERS.map((name) => [name, 'no-webgpu']),
    ['ort-wasm', 'not-installed'],
    ['reference', 'there'],
    ['webgl', 'not-implemented'],
  ]);
  expect([looked.chosen, looked.row]).toEqual(['reference', [32]]);
});

/** A driver for processors that has f16: docs/running.md says where it comes from. */
const LAVAPIPE = process.env['GRADPROOF_LAVAPIPE'];

test(
  'backends are found in Chromium with and without WebGPU, and in Node with and without f16',
  covers('fsdp.backend.manager-unit-tests/four-environments').control('features are not told', {
    file: 'src/backends/manager/detect.ts',
    from: 'return { words: wordsOf(adapter), memory, features };',
    to: 'return { words: wordsOf(adapter), memory, features: [] };',
  }),
  async ({ browser, beside }) => {
    test.skip(LAVAPIPE === undefined, 'no driver with f16 is named by GRADPROOF_LAVAPIPE');
    expect((await lookedIn(browser, beside)).chosen).toBe('webgpu');
    const executablePath = findBrowsers()[0]?.path;
    const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    // WebGPU is there, and no adapter is let through.
    await using bare = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: [...root, ...SOFTWARE_ADAPTER.slice(0, 1)],
    });
    const without = await lookedIn(bare, beside);
    expect(codesOf(without)[0]).toEqual(['webgpu', 'no-adapter']);
    expect(without.chosen).toBe('reference');
    const inNode = async (driver: string) => {
      const { status, stdout, stderr } = await gradproof(['backends'], {
        env: { VK_DRIVER_FILES: driver, LD_LIBRARY_PATH: dirname(driver) },
      });
      expect([status, stderr]).toEqual([0, '']);
      return /^webgpu +.*$/m.exec(stdout)?.[0] ?? '';
    };
    expect(await inNode(LAVAPIPE as string)).toMatch(/llvmpipe.*, f16$/);
    const swiftShader = process.env['VK_DRIVER_FILES'] as string;
    expect(await inNode(swiftShader)).toMatch(/swiftshader.*MiB$/i);
  },
);
