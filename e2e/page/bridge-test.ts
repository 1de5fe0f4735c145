import type { Page } from '@playwright/test';
import { type Bridge, startBridge } from '../bridge.ts';
import { test as base, rowOf } from './page-test.ts';

/**
 * A test of the page with a bridge to Python, which tests share, since it loads a library once:
 * none of them ends it.
 */
export const test = base.extend<object, { readonly bridge: Bridge }>({
  bridge: [
    async ({ server }, use) => {
      await using bridge = await startBridge(server.url);
      await use(bridge);
    },
    { scope: 'worker' },
  ],
});

/** Exact products alone, on the page that may ask a bridge. */
export const EXACT = '/bridge.html?filter=ops.matmul.matmul:exact;*';

/** Closes our own suite, which may fill the list, and opens the one that a backend has run. */
export async function openSuiteOf(page: Page, backend: string): Promise<void> {
  await rowOf(page, /^ops\.matmul\.matmul, /).press('ArrowLeft');
  await rowOf(page, new RegExp(`^${backend}, `)).press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
}
