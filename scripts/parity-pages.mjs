// Writes what replays of recordings found into docs, or with --check says whether that is current:
// parity-pages.mjs worth REPORT [--check] writes docs/parity.md from a replay of public/parity,
// parity-pages.mjs opinfo FOLDER REPORT docs/opinfo.md from one of all of PyTorch's own samples.
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  await prepare(fileURLToPath(new URL('..', import.meta.url)));
  await import('../dist/node/parity-pages.js');
});
