import type { Page } from '@playwright/test';
import { expect, test } from './page-test.ts';
import { tasksDuring } from './trace.ts';

/**
 * What the first screen may cost, a little more than it takes: bytes over the wire, headers
 * included, and processor time until the button can be pressed. What it does not show is loaded
 * later.
 */
const MOST_BYTES = { en: 53_000, de: 60_000 } as const;
const MOST_REQUESTS = 12;
const MOST_CPU_MS = 1_000;

/** What comes over the wire. */
interface Fetched {
  readonly url: string;
  /** Headers included; undefined until it is there. */
  bytes?: number;
}

/** All that `page` fetches from now on, by the number of the request. */
async function fetchedBy(page: Page): Promise<ReadonlyMap<string, Fetched>> {
  const session = await page.context().newCDPSession(page);
  const fetched = new Map<string, Fetched>();
  session.on('Network.requestWillBeSent', ({ requestId, request: { url } }) =>
    fetched.set(requestId, { url }),
  );
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const request = fetched.get(requestId);
    if (request) request.bytes = encodedDataLength;
  });
  await session.send('Network.enable');
  return fetched;
}

for (const [locale, mostBytes] of Object.entries(MOST_BYTES)) {
  test.describe(`in the browser language ${locale}`, () => {
    test.use({ locale });

    test(`the first screen needs less than ${mostBytes / 1000} KB over the wire in at most ${MOST_REQUESTS} requests, and a second of the processor`, async ({
      page,
    }) => {
      const fetched = await fetchedBy(page);
      const tasks = await tasksDuring(page, async () => {
        await page.goto('/');
        await expect(page.locator('gp-check-view button.primary')).toHaveAttribute(
          'aria-disabled',
          'false',
        );
      });
      // Here there is room for two columns.
      await expect(page.locator('gp-beside .sheet')).toBeVisible();
      await page.waitForLoadState('networkidle');
      const requests = [...fetched.values()];
      const bytes = requests.reduce((sum, request) => sum + (request.bytes ?? Number.NaN), 0);
      const cpuMs = tasks.reduce((sum, task) => sum + task.cpuMs, 0);
      test.info().annotations.push({
        type: 'measured',
        description: `${bytes} bytes in ${requests.length} requests, ${cpuMs.toFixed(0)} ms`,
      });
      const list = requests.map(({ url, bytes: size }) => `${size} ${url}`).join('\n');
      expect(requests.length, list).toBeGreaterThan(4);
      expect(requests.length, list).toBeLessThanOrEqual(MOST_REQUESTS);
      expect(bytes, list).toBeLessThan(mostBytes);
      expect(cpuMs).toBeLessThan(MOST_CPU_MS);
    });
  });
}
