/** Spans of time by the milliseconds from which on they are told so. */
const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** How a language says that something was so many milliseconds ago: "5 minutes ago". */
export function ago(tag: string): (ms: number) => string {
  const format = new Intl.RelativeTimeFormat(tag, { numeric: 'always' });
  return (ms) => {
    const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1000, 'second'];
    return format.format(-Math.max(1, Math.round(ms / size)), unit);
  };
}
