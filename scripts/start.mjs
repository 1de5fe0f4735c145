#!/usr/bin/env node
// `npm start -- ARGS` and `gradproof ARGS`: sets up what is missing, then hands over to the command
// line.
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain } from './setup/step.mjs';

/**
 * A busy computer takes so long to load the command line, which leaves a report even then.
 * Milliseconds.
 */
const LOADING_MS = 15_000;

await runMain(async () => {
  await prepare(fileURLToPath(new URL('..', import.meta.url)));
  await import('../dist/node/cli.js');
}, LOADING_MS);
