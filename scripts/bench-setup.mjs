// `npm run bench:setup`: the libraries that bench times beside the engine, in bench/node_modules
// and, as modules for the page, in dist/peers.
import { fileURLToPath } from 'node:url';
import { ensurePeers } from './bench/environment.mjs';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError, say } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await runMain(async () => {
  if (process.argv.length > 2) throw new SetupError('use: npm run bench:setup');
  await prepare(root);
  await ensurePeers(root);
  say('the peers are ready (dist/peers)');
});
