// `npm run new-suite -- AREA.NAME`: writes a suite with one case that is red until it is written.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newSuite } from './new-suite/suite-text.mjs';
import { runMain, SetupError } from './setup/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await runMain(async () => {
  const [name = '', ...rest] = process.argv.slice(2);
  const suite = rest.length === 0 ? newSuite(name) : undefined;
  if (!suite)
    throw new SetupError(
      `${[name, ...rest].join(' ') || 'no name'}: npm run new-suite -- AREA.NAME, both words of a-z, 0-9 and -, as train.early-stopping`,
    );
  const file = join(root, suite.path);
  if (existsSync(file)) throw new SetupError(`${suite.path} is there already: take another name`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, suite.text);
  console.log(`${suite.path} is written. See it red: npm start -- --filter '${name}:*'`);
});
