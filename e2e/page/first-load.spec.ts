import { gzipSync } from 'node:zlib';
import { expect, test } from './page-test.ts';
import { tasksDuring } from './trace.ts';

/**
 * What the first screen may cost: bytes of script as gzip makes them, a little more than it takes,
 * and processor time until the button can be pressed.
 */
const MOST_SCRIPT_BYTES = { en: 49_000, de: 57_000 } as const;
const MOST_CPU_MS = 1_000;

for (const [locale, mostBytes] of Object.entries(MOST_SCRIPT_BYTES)) {
  test.describe(`in the browser language ${locale}`, () => {
    test.use({ locale });

    test(`the first screen needs less than ${mostBytes / 1000} KB of compressed script and a second of the processor`, async ({
      page,
    }) => {
      const scripts: Promise<number>[] = [];
      page.on('response', (response) => {
        if (response.request().resourceType() === 'script')
          scripts.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
      });
      const tasks = await tasksDuring(page, async () => {
        await page.goto('/');
        await expect(page.locator('gp-check-view button.primary')).toHaveAttribute(
          'aria-disabled',
          'false',
        );
      });
      await page.waitForLoadState('networkidle');
      const sizes = await Promise.all(scripts);
      expect(sizes.length).toBeGreaterThan(2);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(mostBytes);
      const cpuMs = tasks.reduce((sum, task) => sum + task.cpuMs, 0);
      test.info().annotations.push({
        type: 'measured',
        description: `${sizes.reduce((a, b) => a + b, 0)} bytes, ${cpuMs.toFixed(0)} ms`,
      });
      expect(cpuMs).toBeLessThan(MOST_CPU_MS);
    });
  });
}
