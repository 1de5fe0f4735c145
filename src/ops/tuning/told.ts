import type { TuningRow } from '../../gpu/tuning.ts';

/**
 * A tuning table as a report tells it: each row's conditions with the variant that they lead to,
 * numbered in the order in which rows are tried.
 */
export function toldOf(rows: readonly TuningRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows.map(({ variant, ops, ...conditions }, i) => {
      const whose = ops?.join('+') ?? `ops with ${variant}`;
      const words = [whose, ...Object.entries(conditions).map(conditionIn)];
      return [`${i + 1}: ${words.join(', ')}`, variant];
    }),
  );
}

function conditionIn([name, value]: [string, unknown]): string {
  if (!Array.isArray(value)) return `${name} ${value}`;
  const [first, last] = value;
  return `${name} from ${first}${last === undefined ? '' : ` to ${last}`}`;
}
