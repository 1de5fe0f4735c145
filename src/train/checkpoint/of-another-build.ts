import * as v from 'valibot';
import { quote } from '../../formats/format-error.ts';
import { validationMessage } from '../../formats/validation-message.ts';
import { RunCheckpointError } from './run-checkpoint-error.ts';

/**
 * Of a checkpoint that is as it was written, and that this build cannot read: one that keeps more, or
 * less, wrote it. `engine` is what it says of that; `error` what is wrong `within` it.
 */
export function ofAnotherBuild(error: unknown, engine: unknown, within = ''): RunCheckpointError {
  const writer = typeof engine === 'string' ? ` (${quote(engine)})` : '';
  return new RunCheckpointError(
    'checkpoint-version',
    `another version of Gradproof wrote it${writer}: ${within}${unreadOf(error)}: go on with that one`,
    { cause: error },
  );
}

function unreadOf(error: unknown): string {
  const issue = v.isValiError(error) ? error.issues[0] : undefined;
  if (issue?.type !== 'strict_object') return validationMessage(error);
  const field = `the field ${quote(v.getDotPath(issue) ?? '')}`;
  if (issue.expected === 'never') return `${field} is unknown to this one`;
  return issue.received === 'undefined' ? `${field} is missing` : validationMessage(error);
}
