// Compares two reports of one plan: what the first ran must have the same status in the second,
// which may have run more. Usage: agreement.mjs A.json B.json
import { readFileSync } from 'node:fs';

const [a, b] = process.argv.slice(2, 4).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const statuses = ({ results }) =>
  new Map(results.map(({ id, backend, status }) => [`${id} ${backend}`, status]));
const before = statuses(a);
const after = statuses(b);
const differing = [...before.keys()].filter((key) => before.get(key) !== after.get(key));
for (const key of differing)
  console.log(`${key}: ${before.get(key)} and ${after.get(key) ?? 'missing'}`);
if (a.run.planHash !== b.run.planHash) console.log('the plans differ');
process.exitCode =
  differing.length > 0 || before.size === 0 || a.run.planHash !== b.run.planHash ? 1 : 0;
