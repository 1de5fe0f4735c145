import type { ParityIndex } from '../../formats/parity-index.ts';
import { counted } from '../../report/counted.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult } from '../../report/schema.ts';
import { UsageError } from '../exit.ts';
import { CAUSES } from './causes.ts';
import { idOf } from './ids.ts';
import type { OpInfoSummary } from './opinfo-summary.ts';

type Result = Pick<CaseResult, 'id' | 'status' | 'skip' | 'finding'>;

/** A sample that a bundle expresses, with what its replay found. */
interface Replayed {
  /** The OpInfo with its variant, or the optimizer. */
  readonly subject: string;
  /** Element type, as `f32`. */
  readonly dtype: string;
  readonly op: string;
  readonly end: (typeof ENDS)[number] | 'lacking';
  /** Why it is not judged. */
  readonly why: string | undefined;
}

const ENDS = ['agree', 'loose', 'deviate', 'fail', 'unjudged'] as const;

/**
 * The text of docs/opinfo.md: what is expressed of each OpInfo and OptimizerInfo, how its replay
 * ended, and what is missing and why. Of all samples `summary` counts, `index` lists and `results`
 * judges them; those that an interim report lacks are counted. Throws UsageError where one deviates
 * or fails without a cause.
 */
export function opinfoPage(
  summary: OpInfoSummary,
  index: ParityIndex,
  results: readonly Result[],
  causes: Readonly<Record<string, string>> = CAUSES,
): string {
  if (summary.drawn !== null) throw new UsageError('OPINFO.json counts a draw: make it with --all');
  const all = replays(index, results);
  const replayed = all.filter(({ end }) => end !== 'lacking');
  const bySubject = groupBy(all, ({ subject }) => subject);
  const expressed = Object.entries(summary.subjects).filter(([name]) => bySubject.has(name));
  const unexpressed = Object.entries(summary.subjects).filter(([name]) => !bySubject.has(name));
  const samples = sum(Object.values(summary.subjects).map((one) => one.samples));
  const count = (end: Replayed['end']) => number(replayed.filter((one) => one.end === end).length);
  return `# PyTorch's own samples

What torch ${summary.torch} tests each of its operators (OpInfo) and optimizers (OptimizerInfo) by, what
bundles express of it, and what a replay on the host says. Seed ${summary.seed}, gradients with them where torch
has them. Written by \`scripts/parity-pages.mjs\`; made anew by

    gradproof-bridge opinfo --out SAMPLES --all
    npm start -- --runtime node --parity SAMPLES --report REPORT --deadline 7200000
    node scripts/parity-pages.mjs opinfo SAMPLES REPORT

The replay takes about 40 minutes, and without \`--deadline\` ends after ten.

| | |
|---|---|
| operators and optimizers | ${number(expressed.length + unexpressed.length + Object.keys(summary.without_line).length)} |
| with a sample that is expressed | ${number(expressed.length)} |
| their samples, in each element type that bundles hold | ${number(samples)} |
| expressed | ${number(all.length)} |
| agree | ${count('agree')} |
| within a loose bound alone | ${count('loose')} |
| deviate | ${count('deviate')} |
| fail | ${count('fail')} |
| without a verdict | ${count('unjudged')} |
${replayed.length === all.length ? '' : `| not replayed: this page is of a part | ${number(all.length - replayed.length)} |\n`}
A sample **agrees** when its recorded values and ours are within the bound of the float64 oracle;
**loose** are values in halves within a bound that would miss more than one in twenty errors of
10 %; one **deviates** when torch's value is beyond its bound, and **fails** when ours is.

## Expressed

${subjectTable(expressed, bySubject)}
## Deviating or failing

${faults(replayed, causes)}
## Without a verdict

${without(replayed)}
## Missing

Of operators with an op here, samples that no bundle expresses, by reason:

${reasons(summary)}
${unexpressed.length === 0 ? '' : `No sample at all of ${list(unexpressed.map(([name]) => name))}.\n\n`}${withoutOp(summary)}
## What bundles have no place for

${refused(summary)}
`;
}

/** Every bundle of the index with its result, if it has one. */
function replays({ cases }: ParityIndex, results: readonly Result[]): readonly Replayed[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  return cases.map((one) => {
    const result = byId.get(idOf(one));
    const [subject = '', dtype = ''] = (one.name.split('/').at(-1) as string).split('-');
    const why = result?.skip && `${result.skip.code}: ${result.skip.detail}`;
    return { subject, dtype, op: one.op, end: result ? endOf(result) : 'lacking', why };
  });
}

function endOf({ status, finding }: Result): (typeof ENDS)[number] {
  if (status === 'skip') return 'unjudged';
  if (status !== 'pass') return 'fail';
  if (!finding) return 'agree';
  return finding.code === 'loose-bound' ? 'loose' : 'deviate';
}

function subjectTable(
  expressed: readonly (readonly [string, OpInfoSummary['subjects'][string]])[],
  bySubject: ReadonlyMap<string, readonly Replayed[]>,
): string {
  const lines = expressed.map(([name, { samples, missing }]) => {
    const own = bySubject.get(name) ?? [];
    const ops = [...new Set(own.map(({ op }) => op))].sort().join(', ');
    const ends = ENDS.map((end) => own.filter((one) => one.end === end).length || '');
    const lacks = sum(Object.values(missing)) || '';
    return `| ${name} | ${ops} | ${samples} | ${own.length} | ${ends.join(' | ')} | ${lacks} |`;
  });
  return table(
    'torch | op | samples | expressed | agree | loose | deviate | fail | without verdict | missing',
    lines,
  );
}

/** Of rows that are written whole. */
function table(head: string, rows: readonly string[]): string {
  return [`| ${head} |`, `|${head.replace(/[^|]+/g, '---')}|`, ...rows, ''].join('\n');
}

/** Each operator that deviates or fails, with its cause. */
function faults(replayed: readonly Replayed[], causes: Readonly<Record<string, string>>): string {
  const wrong = replayed.filter(({ end }) => end === 'deviate' || end === 'fail');
  if (wrong.length === 0) return 'None.\n';
  const lines = [...groupBy(wrong, ({ subject, end }) => `${subject} ${end}s`)].map(
    ([key, some]) => {
      const cause = causes[key];
      if (cause === undefined) throw new UsageError(`${key} in ${some.length}, and no cause`);
      return `| ${key} | ${byType(some)} | ${cause} |`;
    },
  );
  return table('what | samples | cause', lines);
}

function byType(some: readonly Replayed[]): string {
  return [...groupBy(some, ({ dtype }) => dtype)]
    .map(([dtype, all]) => `${all.length} ${dtype}`)
    .join(', ');
}

function without(replayed: readonly Replayed[]): string {
  const open = replayed.filter(({ why }) => why !== undefined);
  if (open.length === 0) return 'None.\n';
  return byReason(
    open.map(({ why, subject }) => ({ reason: why as string, name: subject, count: 1 })),
  );
}

/** Samples of an operator for one reason. */
interface Counted {
  readonly reason: string;
  readonly name: string;
  readonly count: number;
}

/** Each reason with how many samples it is of, and a list of their operators to unfold. */
function byReason(all: readonly Counted[]): string {
  const total = (some: readonly Counted[]) => sum(some.map(({ count }) => count));
  return [...groupBy(all, ({ reason }) => reason)]
    .map(([reason, some]) => ({ reason, some, samples: total(some) }))
    .sort((a, b) => b.samples - a.samples || (a.reason < b.reason ? -1 : 1))
    .map(({ reason, some, samples }) => {
      const ofEach = [...groupBy(some, ({ name }) => name)].map(
        ([name, own]) => `${name}: ${number(total(own))}`,
      );
      const head = `${reason}: ${counted(samples, 'sample')} of ${counted(ofEach.length, 'operator')}`;
      return unfolding(head, ofEach);
    })
    .join('\n');
}

/** A list, a line for each, that opens below its head. */
function unfolding(head: string, items: readonly string[]): string {
  return [
    '<details>',
    `<summary>${head}</summary>`,
    '',
    ...items.map((item) => `- ${item}`),
    '',
    '</details>',
    '',
  ].join('\n');
}

function reasons({ subjects }: OpInfoSummary): string {
  const all = Object.entries(subjects).flatMap(([name, { missing }]) =>
    Object.entries(missing).map(([reason, count]) => ({ name, reason, count })),
  );
  return byReason(all);
}

/** Those that no op here computes, by torch's name of their module. */
function withoutOp({ without_line }: OpInfoSummary): string {
  const names = Object.keys(without_line);
  const moduleOf = (name: string) =>
    MODULES.find((module) => name.startsWith(`${module}.`)) ?? 'torch';
  const lines = [...groupBy(names, moduleOf)].sort().map(([module, some]) => {
    const short = some.map((name) => (module === 'torch' ? name : name.slice(module.length + 1)));
    return unfolding(`${module}: ${some.length}`, short);
  });
  const said = `${names.length} operators and optimizers have no op here, by torch's module:`;
  return `${said}\n\n${lines.join('\n')}`;
}

const MODULES = [
  'fft',
  'linalg',
  'masked',
  'nn.functional',
  'optim',
  'signal.windows',
  'sparse',
  'special',
  'torch.ops.aten',
];

function refused({ errors, other_dtypes }: OpInfoSummary): string {
  const types = groupBy(Object.values(other_dtypes).flat(), (dtype) => dtype);
  const each = [...types].sort().map(([dtype, all]) => `| ${dtype} | ${all.length} |`);
  const samples = counted(sum(Object.values(errors)), 'sample');
  const calls = `Calls that torch refuses on purpose: ${samples} of ${counted(Object.keys(errors).length, 'operator')}.`;
  return `${calls} Element types:\n\n${table('element type | operators that take it', each).trimEnd()}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function number(n: number): string {
  return n.toLocaleString('en');
}

function list(names: readonly string[]): string {
  return names.join(', ');
}
