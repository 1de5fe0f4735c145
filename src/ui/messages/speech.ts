/** A word by the plural categories that a language has (CLDR); `other` is always there. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/**
 * How one language says numbers, counts, units and lists: all that the platform knows by itself.
 */
export interface Speech {
  /** "1,024" or "1.024". */
  readonly number: (value: number, options?: Intl.NumberFormatOptions) => string;
  /** The form of a word that goes with a count. */
  readonly form: (count: number, forms: Forms) => string;
  /** "1 check", "1,024 checks". */
  readonly count: (count: number, forms: Forms) => string;
  /** "12 %" of the share 0.12, with two significant digits. */
  readonly percent: (share: number) => string;
  /** "512 bytes", "44 kB", "3.1 MB": powers of 1000. */
  readonly bytes: (bytes: number) => string;
  /** "9.5 ms", "120 ms". */
  readonly milliseconds: (ms: number) => string;
  /**
   * "2–5 hours", in the largest unit that is not above the longer one, with two significant digits.
   * Milliseconds.
   */
  readonly span: (from: number, to: number) => string;
  /** "a, b and c". */
  readonly list: (words: readonly string[]) => string;
  /** A date with its time of day, in the person's time zone. */
  readonly moment: (date: Date) => string;
  /** The same to the second, which tells runs of one minute apart. */
  readonly instant: (date: Date) => string;
  /** A day, given as 2026-11-20. */
  readonly day: (isoDay: string) => string;
}

/** Bytes by the size from which on they are told so. */
const BYTE_UNITS = [
  [1e9, 'gigabyte'],
  [1e6, 'megabyte'],
  [1e3, 'kilobyte'],
] as const;

/** Spans of time by the milliseconds from which on they are told so. */
const TIME_UNITS = [
  [365.25 * 86_400_000, 'year'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** Does not break between a number and its unit. */
const NARROW = '\u202f';

/** The speech of a language; what the platform needs for that is made when it is first used. */
export function speech(tag: string): Speech {
  const plurals = once(() => new Intl.PluralRules(tag));
  const lists = once(() => new Intl.ListFormat(tag));
  const dates = (options: Intl.DateTimeFormatOptions) =>
    once(() => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', ...options }));
  const moments = dates({ timeStyle: 'short' });
  const instants = dates({ timeStyle: 'medium' });
  const days = dates({ timeZone: 'UTC' });
  const formats = new Map<string, Intl.NumberFormat>();
  const number: Speech['number'] = (value, options = {}) => {
    const key = JSON.stringify(options);
    const format = formats.get(key) ?? new Intl.NumberFormat(tag, options);
    formats.set(key, format);
    return format.format(value).replace(/(?<=\d)\s(?=\D)/gu, NARROW);
  };
  const form: Speech['form'] = (count, forms) => forms[plurals().select(count)] ?? forms.other;
  const short = (value: number): Intl.NumberFormatOptions =>
    value < 10
      ? { minimumFractionDigits: 1, maximumFractionDigits: 1 }
      : { maximumFractionDigits: 0 };
  return {
    number,
    form,
    count: (count, forms) => `${number(count)} ${form(count, forms)}`,
    percent: (share) => number(share, { style: 'percent', maximumSignificantDigits: 2 }),
    bytes: (bytes) => {
      const [size, unit] = BYTE_UNITS.find(([least]) => bytes >= least) ?? [1, undefined];
      if (!unit) return number(bytes, { style: 'unit', unit: 'byte', unitDisplay: 'long' });
      return number(bytes / size, {
        style: 'unit',
        unit,
        unitDisplay: 'short',
        ...short(bytes / size),
      });
    },
    milliseconds: (ms) =>
      number(ms, { style: 'unit', unit: 'millisecond', unitDisplay: 'short', ...short(ms) }),
    span: (from, to) => {
      const [size, unit] = TIME_UNITS.find(([least]) => to >= 2 * least) ?? [1000, 'second'];
      const format = new Intl.NumberFormat(tag, {
        style: 'unit',
        unit,
        unitDisplay: 'long',
        maximumSignificantDigits: 2,
      });
      return format.formatRange(from / size, to / size);
    },
    list: (words) => lists().format(words),
    moment: (date) => moments().format(date),
    instant: (date) => instants().format(date),
    day: (isoDay) => days().format(new Date(isoDay)),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
