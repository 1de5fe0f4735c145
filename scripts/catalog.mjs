// `npm run catalog -- SPEC.json`: takes in an amended specification of the catalog and names the
// rows whose clauses must be read again.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { amend, SUITES } from './catalog/amend.mjs';
import { runMain } from './setup/step.mjs';

await runMain(async () => {
  const [path, ...rest] = process.argv.slice(2);
  if (!path || rest.length > 0) {
    console.error('gradproof: usage: npm run catalog -- SPEC.json');
    process.exitCode = 2;
    return;
  }
  const fileOf = (suite) => fileURLToPath(new URL(`../src/catalog/${suite}.json`, import.meta.url));
  const before = Object.assign(
    {},
    ...SUITES.map((suite) => JSON.parse(readFileSync(fileOf(suite), 'utf8'))),
  );
  let amended;
  try {
    amended = amend(before, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    console.error(`gradproof: ${path}: ${error.message}`);
    process.exitCode = 2;
    return;
  }
  const { rows, read, gone } = amended;
  for (const suite of SUITES) {
    const own = Object.entries(rows).filter(([id]) => id.startsWith(`${suite}.`));
    writeFileSync(fileOf(suite), `${JSON.stringify(Object.fromEntries(own), null, 2)}\n`);
  }
  for (const id of read) console.log(`read its clauses again: ${id}`);
  for (const id of gone) console.log(`no row any more: ${id}`);
  console.log(`${Object.keys(rows).length} rows, ${read.length} to read again`);
});
