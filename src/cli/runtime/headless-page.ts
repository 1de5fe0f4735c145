import type { Browser, Page } from 'playwright';
import type { HeadlessPage } from '../../harness/headless/page.ts';
import type { PageServer } from '../server.ts';

/**
 * Opens the headless page in a tab of its own. Throws what Playwright throws, and an error when a
 * tab dies meanwhile: Playwright waits for ever for one that is dead before its first document.
 */
export async function openHeadlessPage(browser: Browser, server: PageServer): Promise<Page> {
  const session = await browser.newBrowserCDPSession();
  const death = new Promise<never>((_, reject) => {
    session.on('Target.targetCrashed', () => reject(new Error('its tab died while it opened')));
  });
  const open = async () => {
    await session.send('Target.setDiscoverTargets', { discover: true, filter: [{ type: 'page' }] });
    const page = await browser.newPage();
    await page.goto(new URL('headless.html', server.url).href);
    await page.waitForFunction(() => 'gradproofPage' in globalThis);
    return page;
  };
  try {
    return await Promise.race([open(), death]);
  } finally {
    await session.detach().catch(() => {}); // the browser may be gone
  }
}

/** Calls a method of the page's {@link HeadlessPage} and waits for what it returns. */
export function callPage<M extends keyof HeadlessPage>(
  page: Page,
  method: M,
  ...args: Parameters<HeadlessPage[M]>
): Promise<Awaited<ReturnType<HeadlessPage[M]>>> {
  return page.evaluate(
    ([name, parameters]) => {
      const { gradproofPage } = globalThis as unknown as {
        gradproofPage: Record<string, (...all: unknown[]) => unknown>;
      };
      return gradproofPage[name as string]?.(...(parameters as unknown[])) as never;
    },
    [method, args],
  );
}
