import { join } from 'node:path';
import { ROOT } from './gradproof.ts';
import { test as scratch } from './scratch.ts';

const { copySources } = (await import(
  new URL('../../scripts/controls/copy.mjs', import.meta.url).href
)) as { copySources: (root: string, target: string) => void };

/** A test with a checkout of its own that was never built; its packages are the installed ones. */
export const test = scratch.extend<{ checkout: string }>({
  checkout: async ({ folder }, use) => {
    const checkout = join(folder, 'checkout');
    copySources(ROOT, checkout);
    await use(checkout);
  },
});

export { expect } from '../counted.ts';
