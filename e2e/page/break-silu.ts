import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';

/**
 * Breaks SiLU in whatever script holds its code, which has `one` for 1 then; returns how many scripts
 * have the fault.
 */
export async function breakSilu(page: Page, one = '1.0001'): Promise<() => number> {
  let broken = 0;
  await page.route('**/assets/*.js', async (route) => {
    const script = readFileSync(`dist/page${new URL(route.request().url()).pathname}`, 'utf8');
    const wrong = script.replace(
      'let near = value / (1.0 + exp(',
      `let near = value / (${one} + exp(`,
    );
    if (wrong === script) return route.continue();
    broken++;
    await route.fulfill({ contentType: 'text/javascript', body: wrong });
  });
  return () => broken;
}
