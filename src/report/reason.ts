import type { CaseResult } from './schema.ts';
import { FINDINGS } from './verdict.ts';

type Problem = NonNullable<CaseResult['error']>;

/**
 * Why a result is not simply right: its error, why it was skipped, that its control stayed green,
 * or what was found.
 */
export function reasonOf({
  status,
  error,
  skip,
  finding,
  control,
}: CaseResult): Pick<Problem, 'code' | 'message'> {
  if (error) return error;
  if (skip) return { code: skip.code, message: skip.detail };
  if (status === 'pass' && control?.status === 'green')
    return { code: FINDINGS.greenControl, message: `did not fail when ${control.fault}` };
  return finding ?? { code: status, message: '' };
}

/** "at [64, 0]: 0, expected -113" */
export function whereWrong({ index, actual, expected }: NonNullable<Problem['at']>): string {
  return `at [${index.join(', ')}]: ${actual}, expected ${expected}`;
}

/**
 * "out-of-bound: too far (at [64, 0]: 0, expected -113)": the reason in one line. A message that
 * names the element tells its values too.
 */
export function reasonWords(result: CaseResult): string {
  const { code, message } = reasonOf(result);
  const at = (result.error ?? result.finding)?.at;
  const isNew = at && !message.includes(`[${at.index.join(', ')}] is `);
  return `${code}: ${message}${isNew ? ` (${whereWrong(at)})` : ''}`;
}
