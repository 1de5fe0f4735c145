#!/usr/bin/env node
// `npm start -- ARGS` and `gradproof ARGS`: sets up what is missing, then hands over to the command line.
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  await prepare(fileURLToPath(new URL('..', import.meta.url)));
  await import('../dist/node/cli.js');
});
