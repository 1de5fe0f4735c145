// `npm run soak`: kills a fine-tuning fifty times, at random and while it writes, and goes on with it
// each time: what it leaves must be the bits of the run that was not killed. GRADPROOF_KILLS says how
// often, and GRADPROOF_SEED when; without it each soak kills at other moments.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SPEC = 'e2e/cli/resumed-run.spec.ts';

await runMain(async () => {
  if (process.argv.length > 2) throw new SetupError('use: npm run soak');
  await prepare(root);
  const { status } = spawnSync('npx', ['playwright', 'test', SPEC, '-g', 'killed'], {
    cwd: root,
    env: { GRADPROOF_KILLS: '50', ...process.env },
    stdio: 'inherit',
  });
  if (status !== 0) throw new SetupError('a run did not survive: its story is above', 1);
});
