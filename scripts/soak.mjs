// `npm run soak`: kills a fine-tuning fifty times, at random and while it writes, and goes on with it
// each time; `npm run soak -- browser`: kills the browser of one so; `npm run soak -- faults`: loses
// its device and lets its data throw a hundred times within one run, and within another mixes these
// faults with gradients that are not finite, losses that explode and memory that runs out;
// `npm run soak -- shards`: kills a worker of a shared run a hundred times, in steps and while
// checkpoints are gathered and written. What is left must be the bits of the run without what
// interrupts. GRADPROOF_KILLS and GRADPROOF_FAULTS say how often, and GRADPROOF_SEED when; without it
// each soak takes other moments. `npm run soak -- costs`: holds what checkpoints take of a run of
// three minutes to a twentieth of it; GRADPROOF_SECONDS says of how long.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOAKS = {
  kills: ['playwright', 'test', 'e2e/cli/resumed-run.spec.ts', '-g', 'killed'],
  browser: ['playwright', 'test', 'e2e/page/killed-browser.full.spec.ts'],
  // This reporter prints what a test says of its run.
  faults: ['vitest', 'run', 'src/cli/runtime/faults-in-a-row', '--reporter=verbose'],
  shards: ['vitest', 'run', 'src/cli/runtime/killed-ranks', '--reporter=verbose'],
  costs: ['vitest', 'run', 'src/cli/runtime/checkpoint-costs', '--reporter=verbose'],
};

await runMain(async () => {
  const [name = 'kills', ...others] = process.argv.slice(2);
  if (!Object.hasOwn(SOAKS, name) || others.length > 0)
    throw new SetupError(
      'use: npm run soak, or with it -- browser, -- faults, -- shards or -- costs',
    );
  await prepare(root);
  const { status } = spawnSync('npx', SOAKS[name], {
    cwd: root,
    env: {
      ...{ GRADPROOF_KILLS: '50', GRADPROOF_FAULTS: '100', GRADPROOF_SECONDS: '180' },
      ...process.env,
    },
    stdio: 'inherit',
  });
  if (status !== 0) throw new SetupError('a run did not survive: its story is above', 1);
  process.stdout.write(`soak ${name}: all runs survived; what they lost and kept is above\n`);
});
