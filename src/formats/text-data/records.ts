/** A JSON value of a file, as text, and the line that it begins in, counted from 1. */
export interface RawRecord {
  readonly line: number;
  readonly json: string;
}

const BEGINS_ARRAY = /^\s*\[\s*(?:\{|\]\s*$)/;
const BEGINS_OBJECT = /^\s*\{\s*(?:"|\}\s*$)/;

/**
 * The records of a text that is JSON: one a line (JSONL), or the elements of one array. Undefined
 * for a text that is not meant as JSON: it begins with neither an object nor an array of objects.
 */
export function recordsIn(text: string): readonly RawRecord[] | undefined {
  if (BEGINS_ARRAY.test(text)) return elementsOf(text);
  return BEGINS_OBJECT.test(text) ? linesOf(text) : undefined;
}

/** Where a text ceases to be records before the first of them, and the line there. */
export function beginningOf(text: string): { readonly line: number; readonly begins: string } {
  const opened = /^\s*[[{]?\s*/.exec(text)?.[0].length ?? 0;
  const at = Math.min(opened, text.trimEnd().length - 1);
  const line = text.slice(0, at).split('\n').length;
  return { line, begins: (text.split('\n')[line - 1] ?? '').trim() };
}

function linesOf(text: string): readonly RawRecord[] {
  return text
    .split('\n')
    .map((json, at) => ({ line: at + 1, json: json.trim() }))
    .filter(({ json }) => json !== '');
}

/** Strings, brackets, commas and ends of lines: all that tells where an element ends. */
const MARKS = /"(?:[^"\\\n]|\\.)*"?|[[\]{},\n]/g;

/** Elements are cut at the commas between them, so that one with a fault spoils no other. */
function elementsOf(text: string): readonly RawRecord[] {
  const records: RawRecord[] = [];
  let line = 1;
  let depth = 0;
  let from = 0;
  let fromLine = 1;
  const close = (end: number) => {
    const json = text.slice(from, end);
    // The line of what stands there, not of the comma before it.
    const blank = json.length - json.trimStart().length;
    const skipped = json.slice(0, blank).split('\n').length - 1;
    if (json.trim() !== '') records.push({ line: fromLine + skipped, json: json.trim() });
  };
  for (const { 0: mark, index } of text.matchAll(MARKS)) {
    if (mark === '\n') line++;
    else if (mark === '[' || mark === '{') {
      if (depth++ === 0) {
        from = index + 1;
        fromLine = line;
      }
    } else if (mark === ']' || mark === '}') {
      if (--depth === 0) {
        close(index);
        from = index + 1;
        fromLine = line;
      }
    } else if (mark === ',' && depth === 1) {
      close(index);
      from = index + 1;
      fromLine = line;
    }
  }
  // What an array that is never closed, or text behind it, leaves.
  close(text.length);
  return records;
}
