// `npm run bridge:setup [-- --minimal]`: the Python environment of the bridge, in bridge/.venv.
import { fileURLToPath } from 'node:url';
import { bridgeEnvironment, ensureBridge } from './bridge/environment.mjs';
import { runMain, SetupError, say } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await runMain(async () => {
  const [option, ...more] = process.argv.slice(2);
  if (more.length > 0 || (option !== undefined && option !== '--minimal'))
    throw new SetupError('use: npm run bridge:setup [-- --minimal]');
  await ensureBridge(root, option ? 'minimal' : 'full');
  say(`the bridge's environment is ready (${bridgeEnvironment(root)})`);
});
