// `npm run snapshot -- OUT.json [--mutants | --mutants-from REPORT.json]` and
// `npm run snapshot -- compare A.json B.json [--moved TABLE.json]`: proves of a change of the code
// that no result changes; CONTRIBUTING.md says how.
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  await prepare(fileURLToPath(new URL('..', import.meta.url)));
  await import('../dist/node/snapshot.js');
});
