import * as v from 'valibot';
import { messageOf } from '../../errors.ts';
import { UsageError } from '../exit.ts';
import { readInput } from '../files.ts';
import type { Allowed } from './compare.ts';
import { type Snapshot, snapshotSchema } from './snapshot.ts';

const movedSchema = v.record(v.string(), v.union([v.string(), v.array(v.string())]));
const excludedSchema = v.record(v.string(), v.string());

/** Reads a snapshot. Throws UsageError, as the following. */
export function readSnapshot(path: string): Snapshot {
  return read('snapshot', path, snapshotSchema, 'take it again with npm run snapshot -- OUT.json');
}

/** Reads what became of shaders. */
export function readMoved(path: string): Allowed['moved'] {
  return read('--moved', path, movedSchema, 'it maps old names to a new one or to a list of them');
}

/** Reads which cases are excluded, and why. */
export function readExcluded(path: string): Allowed['excluded'] {
  return read('exclusions', path, excludedSchema, 'they map ids of cases to reasons');
}

function read<T>(
  what: string,
  path: string,
  schema: v.GenericSchema<unknown, T>,
  advice: string,
): T {
  const text = new TextDecoder().decode(readInput(what, path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} ${path}: is not JSON (${messageOf(error)}): ${advice}`);
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue);
  throw new UsageError(
    `${what} ${path}: ${place === null ? '' : `${place}: `}${issue.message}: ${advice}`,
  );
}
