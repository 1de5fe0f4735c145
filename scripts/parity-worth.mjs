// Writes docs/parity.md from a report of the recordings in public/parity, or with --check says
// whether it is current. Usage: parity-worth.mjs REPORT [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const DOC = new URL('../docs/parity.md', import.meta.url);
/** Of these the tests replay a sample: their table is checked where all are there. */
const isRow = ({ id }) => id.startsWith('parity.train_llama:llama_row_');
/** PyTorch's own samples, which are called by operator, element type and number. */
const isSample = ({ id }) => /-(bf16|f16|f32|f64|i32|i8|u8)-(\w+-)?\d+$/.test(id);
/** Under this share a format of an op is a finding about the judge. */
const ENOUGH = 0.95;
/** Why the judge notices less, by op and format. */
const REASONS = {
  'scaled_dot_product_attention BF16':
    "ONNX's reference keeps scores, weights and their sum in bfloat16: the bound for sums in any order is wider than a tenth",
  'optimizer_steps BF16':
    'what the optimizer keeps is not recorded after each step: its roundings add up over the steps',
  'softmax F32':
    'a weight of a wide range is off by the error of its score, which is relative to the scores',
  'train_llama F32':
    'losses, gradients and weights of whole runs are held to the limits of trajectories, not to bounds',
};

const [file, mode] = process.argv.slice(2);
const { results } = JSON.parse(readFileSync(file, 'utf8'));
const rows = results.filter(isRow);
const samples = results.filter(isSample);
const others = results.filter((one) => !isRow(one) && !isSample(one));
const before = mode === '--check' ? readFileSync(DOC, 'utf8') : '';
const counted = rows.length === 20 ? table(rows) : (before.split('array\n\n')[1] ?? '');
const text = `# What a pass of a recording is worth

In each recording of public/parity one drawn element that is right is changed: by 1 % in F32 and
F64, by 10 % in halves, by 1 in integers. This is how often the judge noticed it. Written by
\`scripts/parity-worth.mjs\` from a report; \`npm test\` checks that it is current.

${table(others)}
Under 95 %:

${findings(others, (key) => REASONS[key])}
## PyTorch's own samples

${table(samples)}
Under 95 % are, since no sample says that it is added up in float32 and the bound is that of halves:

${findings(samples, (key) => (/F16$/.test(key) ? '' : undefined))}
## Rows of the covering array

${counted}`;

if (mode !== '--check') writeFileSync(DOC, text);
else if (text !== before) {
  console.log('docs/parity.md is not current: npm start -- --runtime node --parity public/parity');
  console.log('--report REPORT, then node scripts/parity-worth.mjs REPORT');
  process.exitCode = 1;
}

/** Sums of what was planted and noticed, by what `keyOf` makes of an id and a format. */
function sums(some, keyOf) {
  const found = new Map();
  for (const { id, metrics = {} } of some) {
    for (const [name, planted] of Object.entries(metrics)) {
      if (!name.startsWith('planted.')) continue;
      const format = name.slice('planted.'.length);
      const key = keyOf(id, format);
      const sum = found.get(key) ?? { planted: 0, noticed: 0 };
      sum.planted += planted;
      sum.noticed += metrics[`noticed.${format}`];
      found.set(key, sum);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

function table(some) {
  const lines = sums(some, (_, format) => format).map(
    ([format, { planted, noticed }]) =>
      `| ${format} | ${planted} | ${noticed} | ${((100 * noticed) / planted).toFixed(1)} % |`,
  );
  return ['| format | planted | noticed | share |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function findings(some, reasonOf) {
  const ofOps = sums(some, (id, format) => `${id.slice('parity.'.length).split(':')[0]} ${format}`);
  const lines = ofOps
    .filter(([, { planted, noticed }]) => noticed < ENOUGH * planted)
    .map(([key, { planted, noticed }]) => {
      const reason = reasonOf(key);
      if (reason === undefined)
        throw new Error(`${key}: ${noticed} of ${planted} noticed, and no reason`);
      return `- ${key}, ${noticed} of ${planted}${reason && `: ${reason}`}.`;
    });
  return [...lines, ''].join('\n');
}
