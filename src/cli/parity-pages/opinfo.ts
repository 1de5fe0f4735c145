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
  readonly end: (typeof ENDS)[number];
  /** Why it is not judged. */
  readonly why: string | undefined;
}

const ENDS = ['agree', 'loose', 'deviate', 'fail', 'unjudged'] as const;

/**
 * The text of docs/opinfo.md: what is expressed of each OpInfo and OptimizerInfo, how its replay
 * ended, and what is missing and why. Of all samples `summary` counts, `index` lists and `results`
 * judges them. Throws UsageError where one was not replayed, or deviates or fails without a cause.
 */
export function opinfoPage(
  summary: OpInfoSummary,
  index: ParityIndex,
  results: readonly Result[],
  causes: Readonly<Record<string, string>> = CAUSES,
): string {
  if (summary.drawn !== null) throw new UsageError('OPINFO.json counts a draw: make it with --all');
  const replayed = replays(index, results);
  const bySubject = groupBy(replayed, ({ subject }) => subject);
  const expressed = Object.entries(summary.subjects).filter(([name]) => bySubject.has(name));
  const unexpressed = Object.entries(summary.subjects).filter(([name]) => !bySubject.has(name));
  const samples = sum(Object.values(summary.subjects).map((one) => one.samples));
  const count = (end: Replayed['end']) => number(replayed.filter((one) => one.end === end).length);
  return `# PyTorch's own samples

What torch ${summary.torch} tests each of its operators (OpInfo) and optimizers (OptimizerInfo) by, what
bundles express of it, and what a replay on the host says. Seed ${summary.seed}, gradients with them where torch
has them. Written by \`scripts/parity-pages.mjs\`; made anew by

    gradproof-bridge opinfo --out SAMPLES --all
    npm start -- --runtime node --parity SAMPLES --report REPORT
    node scripts/parity-pages.mjs opinfo SAMPLES REPORT

| | |
|---|---|
| operators and optimizers | ${number(expressed.length + unexpressed.length + Object.keys(summary.without_line).length)} |
| with a sample that is expressed | ${number(expressed.length)} |
| their samples, in each element type that bundles hold | ${number(samples)} |
| expressed | ${number(replayed.length)} |
| agree | ${count('agree')} |
| within a loose bound alone | ${count('loose')} |
| deviate | ${count('deviate')} |
| fail | ${count('fail')} |
| without a verdict | ${count('unjudged')} |

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

/** Every bundle of the index with its result. */
function replays({ cases }: ParityIndex, results: readonly Result[]): readonly Replayed[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  return cases.map((one) => {
    const result = byId.get(idOf(one));
    if (!result) throw new UsageError(`${one.name} was not replayed`);
    const [subject = '', dtype = ''] = (one.name.split('/').at(-1) as string).split('-');
    const why = result.skip && `${result.skip.code}: ${result.skip.detail}`;
    return { subject, dtype, op: one.op, end: endOf(result), why };
  });
}

function endOf({ status, finding }: Result): Replayed['end'] {
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
  const lines = [...groupBy(open, ({ why }) => why as string)].map(([why, some]) => {
    const names = [...groupBy(some, ({ subject }) => subject)];
    return `| ${why} | ${list(names.map(([name, { length }]) => `${name} ${length}`))} |`;
  });
  return table('why | samples', lines);
}

function reasons({ subjects }: OpInfoSummary): string {
  const all = Object.entries(subjects).flatMap(([name, { missing }]) =>
    Object.entries(missing).map(([reason, lacks]) => ({ name, reason, lacks })),
  );
  const lines = [...groupBy(all, ({ reason }) => reason)]
    .map(([reason, some]) => ({ reason, some, total: sum(some.map(({ lacks }) => lacks)) }))
    .sort((a, b) => b.total - a.total || (a.reason < b.reason ? -1 : 1))
    .map(
      ({ reason, some, total }) =>
        `| ${reason} | ${number(total)} | ${list(some.map(({ name, lacks }) => `${name} ${lacks}`))} |`,
    );
  return table('reason | samples | of each operator', lines);
}

/** Those that no op here computes, by torch's name of their module. */
function withoutOp({ without_line }: OpInfoSummary): string {
  const names = Object.keys(without_line);
  const moduleOf = (name: string) =>
    MODULES.find((module) => name.startsWith(`${module}.`)) ?? 'torch';
  const lines = [...groupBy(names, moduleOf)].sort().map(([module, some]) => {
    const short = some.map((name) => (module === 'torch' ? name : name.slice(module.length + 1)));
    return `| ${module} | ${some.length} | ${list(short)} |`;
  });
  const said = `${names.length} operators and optimizers have no op here:`;
  return `${said}\n\n${table('module of torch | number | names', lines)}`;
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
