import { GradproofError } from '../../errors.ts';
import type { Span, TuningRow } from '../../gpu/tuning.ts';

/** A text that tells no row of a tuning table. */
export class TuningTableError extends GradproofError {
  constructor(text: string) {
    super(
      'bad-tuning-table',
      `"${text}" is no row of a tuning table, such as "1: softmax, rows from 64, lanes few"`,
    );
  }
}

/**
 * A tuning table as a report tells it: each row's conditions with the variant that they lead to,
 * numbered in the order in which rows are tried. What an earlier row says is not told again.
 */
export function toldOf(rows: readonly TuningRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    distinctRows(rows).map((row, i) => [`${i + 1}: ${wordsOf(row)}`, choiceIn(row)]),
  );
}

/** The rows without those that say what an earlier one does. */
export function distinctRows(rows: readonly TuningRow[]): readonly TuningRow[] {
  return [...new Map(rows.map((row) => [`${wordsOf(row)} ${choiceIn(row)}`, row])).values()];
}

/**
 * The rows of a table that {@link toldOf} told. Throws {@link TuningTableError} about a text that
 * is none.
 */
export function rowsTold(told: Readonly<Record<string, string>>): readonly TuningRow[] {
  return Object.entries(told)
    .map(([text, choice]) => {
      const { variant, ...sizes } = choiceTold(choice, text);
      const [, number, whose = '', conditions = ''] =
        /^(\d{1,6}): ([^,]+)((?:, [^,]+)*)$/.exec(text) ?? [];
      const ops = whose === anyWith(variant) ? {} : { ops: whose.split('+') };
      if (number === undefined || !(ops.ops ?? []).every((name) => /^\w+$/.test(name)))
        throw new TuningTableError(text);
      const texts = conditions.split(', ').slice(1);
      const row = Object.fromEntries(texts.map((one) => conditionTold(one, text)));
      return { number: Number(number), row: { variant, ...sizes, ...ops, ...row } };
    })
    .sort((a, b) => a.number - b.number)
    .map(({ row }) => row);
}

const anyWith = (variant: string) => `ops with ${variant}`;

/** `subgroup`, or `subgroup ROWS=16`. */
function choiceIn({ variant, sizes = {} }: TuningRow): string {
  return [variant, ...Object.entries(sizes).map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** The variant, and the sizes where there are some, of a row told by `text`. */
function choiceTold(choice: string, text: string): Pick<TuningRow, 'variant' | 'sizes'> {
  const [variant = '', ...rest] = choice.split(' ');
  if (rest.length === 0) return { variant };
  const sizes = rest.map((one) => /^([A-Z_]{1,32})=(\d{1,6})$/.exec(one));
  if (sizes.some((found) => !found)) throw new TuningTableError(`${text}: ${choice}`);
  return {
    variant,
    sizes: Object.fromEntries(sizes.map((found) => [found?.[1], Number(found?.[2])])),
  };
}

/** Whether two rows are of the same operands, whatever they choose. */
export function haveSameConditions(one: TuningRow, other: TuningRow): boolean {
  return wordsOf(one) === wordsOf(other);
}

function wordsOf({ variant, sizes, ops, ...conditions }: TuningRow): string {
  return [ops?.join('+') ?? anyWith(variant), ...Object.entries(conditions).map(conditionIn)].join(
    ', ',
  );
}

function conditionIn([name, value]: [string, unknown]): string {
  if (!Array.isArray(value)) return `${name} ${value}`;
  const [first, last] = value;
  return `${name} from ${first}${last === undefined ? '' : ` to ${last}`}`;
}

/** A condition by its words, which stand in `text`. */
function conditionTold(words: string, text: string): [keyof TuningRow, string | Span] {
  const span = /^(rows|width) from (\d{1,15})(?: to (\d{1,15}))?$/.exec(words);
  if (span) {
    const [, name, first, last] = span;
    const from = Number(first);
    return [name as 'rows' | 'width', last === undefined ? [from] : [from, Number(last)]];
  }
  const [, name, value] = /^(?=lanes (?:few|many)$|dtype )(\w+) (\w+)$/.exec(words) ?? [];
  if (name === undefined || value === undefined) throw new TuningTableError(text);
  return [name as 'lanes' | 'dtype', value];
}
