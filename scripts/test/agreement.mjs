// Compares two reports of one plan: what both ran must have the same status in both, and that must
// be a sixteenth at least of what the first ran. Usage: agreement.mjs A.json B.json
import { readFileSync } from 'node:fs';

const [a, b] = process.argv.slice(2, 4).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const statuses = ({ results }) =>
  new Map(results.map(({ id, backend, status }) => [`${id} ${backend}`, status]));
const before = statuses(a);
const after = statuses(b);
const both = [...before.keys()].filter((key) => after.has(key));
const differing = both.filter((key) => before.get(key) !== after.get(key));
for (const key of differing) console.log(`${key}: ${before.get(key)} and ${after.get(key)}`);
const isOnePlan = a.run.planHash === b.run.planHash;
if (!isOnePlan) console.log('the plans differ');
const areEnough = before.size > 0 && 16 * both.length >= before.size;
if (!areEnough) console.log(`both ran ${both.length} of ${before.size} cases`);
process.exitCode = differing.length === 0 && isOnePlan && areEnough ? 0 : 1;
