/**
 * A value of JSON as Python writes it. Strings of a hostile file stay strings: JSON's escapes are
 * Python's too.
 */
export function literal(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'number' && !Number.isFinite(value))
    return `float("${String(value).replace('Infinity', 'inf').toLowerCase()}")`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string')
    return JSON.stringify(value).replaceAll(
      /[\u007f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  return String(value);
}

/** A text as a comment can hold it. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 300);
}
