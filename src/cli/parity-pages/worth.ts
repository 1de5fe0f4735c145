import type { ParityIndex } from '../../formats/parity-index.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult } from '../../report/schema.ts';
import { type FormatWorth, worthOfRecordings } from '../../report/worth.ts';
import { UsageError } from '../exit.ts';
import { idsOf } from './ids.ts';
import longRecordings from './long-recordings.json' with { type: 'json' };

type Result = Pick<CaseResult, 'id' | 'metrics'>;

/**
 * Of these `npm test` replays a sample: their table is checked where all are there. They take longest:
 * runs of training, and what models write.
 */
const SAMPLED: ReadonlySet<string> = new Set(longRecordings);
/** Under this share a format of an op is a finding about the judge. */
const ENOUGH = 0.95;
/** Measured of every number of the rows: src/testing/parity/llama/worth-of-rows.test.ts. */
const OF_SAMPLED = `Whole runs of training are held to limits of trajectories and not to bounds. Of the covering array
ten rows are under autocast: their gradients and first logits may be off by ten times the spread of
runs with products in halves, and of their numbers in F32 none would be noticed that is off by 1 %.
Of those of the ten rows in float32 the limits notice 73 %.`;
/** Why the judge notices less, by op and format. */
const REASONS: Readonly<Record<string, string>> = {
  'hqq_quantize F16': "zeros of CUDA's solver, which works in halves, are known roughly",
  'hqq_quantize F32': 'in 8 bits of scales or zeros, a zero is told by the codes of eight',
  'matmul_nbits F32':
    'at accuracy_level 4 the library makes x int8, which may move a product by more than 1 %',
  'softmax F32':
    'a weight of a wide range is off by the error of its score, which is relative to the scores',
};
const OF_HALVES = `Under 95 % are, of tensors in halves that no known way of computing gives:`;

/**
 * The text of docs/parity.md. `samples` is the index of PyTorch's own; `before` is the text as it
 * stands, whose table of long runs stays where not all were replayed. Throws where the judge notices too
 * little of what has no reason.
 */
export function worthPage(
  results: readonly Result[],
  samples: ParityIndex,
  before: string,
): string {
  const ids = idsOf(samples);
  const sampled = results.filter(({ id }) => SAMPLED.has(id));
  const drawn = results.filter(({ id }) => ids.has(id));
  const others = results.filter(({ id }) => !SAMPLED.has(id) && !ids.has(id));
  const counted =
    sampled.length === SAMPLED.size ? table(sampled) : before.slice(before.lastIndexOf('\n\n') + 2);
  const ofDrawn = findings(drawn, (key) => (key.endsWith('F16') ? '' : undefined)).trimStart();
  return `# What a pass of a recording is worth

In each recording of public/parity one drawn element that is right is changed: by 1 % in F32 and
F64, by 10 % in halves, by 1 in integers. This is how often the judge noticed it. Written by
\`scripts/parity-pages.mjs\` from a report; \`npm test\` checks that it is current.

${table(others)}
Under 95 %:

${findings(others, (key) => REASONS[key])}
## PyTorch's own samples

${table(drawn)}
${ofDrawn && `${OF_HALVES}\n\n${ofDrawn}\n`}## Runs of training, and what models write

${OF_SAMPLED}

${counted}`;
}

function table(results: readonly Result[]): string {
  const lines = worthOfRecordings(results).map(
    ({ format, planted, noticed }) =>
      `| ${format} | ${planted} | ${noticed} | ${((100 * noticed) / planted).toFixed(1)} % |`,
  );
  return ['| format | planted | noticed | share |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function findings(
  results: readonly Result[],
  reasonOf: (key: string) => string | undefined,
): string {
  const ofOps = [...groupBy(results, ({ id }) => id.split(':')[0] as string)].sort();
  const found = ofOps.flatMap(([suite, some]) =>
    worthOfRecordings(some)
      .filter(({ planted, noticed }) => noticed < ENOUGH * planted)
      .map((worth) => finding(suite.slice('parity.'.length), worth, reasonOf)),
  );
  return [...found, ''].join('\n');
}

function finding(
  op: string,
  { format, planted, noticed }: FormatWorth,
  reasonOf: (key: string) => string | undefined,
): string {
  const key = `${op} ${format}`;
  const reason = reasonOf(key);
  if (reason === undefined)
    throw new UsageError(`${key}: ${noticed} of ${planted} noticed, and no reason`);
  return `- ${key}, ${noticed} of ${planted}${reason && `: ${reason}`}.`;
}
