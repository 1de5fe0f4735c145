import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './gradproof.ts';
import { test as scratch } from './scratch.ts';

/** What a checkout holds that is made, not written. */
const MADE = /^(node_modules|dist|\.git|\.cache|\.venv|test-results)$/;

/** A test with a checkout of its own that was never built; its packages are the installed ones. */
export const test = scratch.extend<{ checkout: string }>({
  checkout: async ({ folder }, use) => {
    const checkout = join(folder, 'checkout');
    cpSync(ROOT, checkout, {
      recursive: true,
      filter: (path) =>
        !path
          .slice(ROOT.length)
          .split('/')
          .some((name) => MADE.test(name)),
    });
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    await use(checkout);
  },
});

export { expect } from '../counted.ts';
