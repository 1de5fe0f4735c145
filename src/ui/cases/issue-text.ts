import type { PlanEntry } from '../../harness/events.ts';
import type { CaseDetails } from '../../harness/worker/messages.ts';
import { chipName, placeWords } from '../../report/place.ts';
import { reproduceCommand } from '../../report/reproduce.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import { thisTool } from '../../report/tool.ts';

/** What an issue about a case tells. */
export interface IssueFacts {
  readonly entry: PlanEntry;
  readonly result: CaseResult;
  readonly environment?: Environment | undefined;
  readonly details?: CaseDetails | undefined;
  readonly seed: number;
}

/** The command that runs a case of the plan, or a result of it in `environment`, again. */
export function commandFor(
  entry: PlanEntry,
  seed: number,
  result?: CaseResult,
  environment?: Environment,
): string {
  const { id, suite, backend, tier } = entry;
  const known = result ?? ({ id, suite, backend, tier } as CaseResult);
  return reproduceCommand(
    known,
    { kind: 'run', run: { seed } as Parameters<typeof reproduceCommand>[1]['run'] },
    environment,
  );
}

/**
 * A case as the text of an issue, in Markdown and in English: what is wrong, where, and how to see
 * it again.
 */
export function issueText({ entry, result, environment, details, seed }: IssueFacts): string {
  const { version, commit } = thisTool();
  const { error, finding, skip, fault, accuracy, kernels } = result;
  const problem = error ?? finding;
  const place = problem?.at;
  const wrong = details?.examined.find((one) => one.wrong > 0);
  return [
    `### \`${entry.id}\`: ${result.status}`,
    '',
    entry.description,
    '',
    ...(problem ? [`**${problem.code}**: ${oneLine(problem.message)}`, ''] : []),
    ...(skip ? [`**${skip.code}**: ${oneLine(skip.detail)}`, ''] : []),
    ...(place
      ? [
          `- First wrong element: \`[${place.index.join(', ')}]\` is \`${place.actual ?? 'not finite'}\`, should be \`${place.expected ?? 'not finite'}\``,
        ]
      : []),
    ...(accuracy
      ? [
          `- Share of the legal bound: ${accuracy.boundUsed ?? 'wrong at a bound of 0'}; of the typical error: ${accuracy.typicalUsed ?? 'not known'}`,
        ]
      : []),
    ...(wrong
      ? [
          `- ${wrong.wrong} of ${wrong.compared} elements of \`${wrong.name}\` (${wrong.shape.join('x')}) are wrong`,
        ]
      : []),
    ...(fault ? [`- Whose fault, by the rules of the project: ${fault}`] : []),
    ...(kernels.length > 0
      ? [
          `- Kernels: ${kernels.map((kernel) => `\`shaders/${kernel}.wgsl\`${constantsOf(kernel, details)}`).join(', ')}`,
        ]
      : []),
    ...(environment
      ? [
          `- Where: ${oneLine(placeWords(environment, chipName(environment.adapter)))}, ${oneLine(environment.os)}`,
          `- Arithmetic: ${probeText(environment.probe)}`,
        ]
      : []),
    `- With: Gradproof ${version} (${commit})`,
    `- Must fail when: ${entry.control}${result.control && result.control.status !== 'not-run' ? ` (seen: ${result.control.status})` : ''}`,
    '',
    'To see it again, in a checkout:',
    '',
    '```sh',
    commandFor(entry, seed, result, environment),
    '```',
    '',
  ].join('\n');
}

function constantsOf(kernel: string, details: CaseDetails | undefined): string {
  const [first, other] = details?.pipelines[kernel] ?? [];
  const numbers = first && !other ? Object.entries(first) : [];
  return numbers.length === 0
    ? ''
    : ` (${numbers.map(([name, value]) => `${name}=${value}`).join(', ')})`;
}

function probeText(probe: Environment['probe']): string {
  const told = ['rounding', 'denormals', 'contraction', 'exactDivision', 'exactSqrt'].filter(
    (key) => probe[key] !== undefined,
  );
  return told.map((key) => `${key} ${probe[key]}`).join(', ');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
