// speed-page.mjs REPORT... writes docs/speed.md from what runs of `npm start -- bench --report REPORT` found.
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  await prepare(fileURLToPath(new URL('..', import.meta.url)));
  await import('../dist/node/speed-page.js');
});
