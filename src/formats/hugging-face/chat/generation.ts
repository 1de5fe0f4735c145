import type { Span } from '../tokenizer/offsets.ts';

const OPENS = /\{%(-?)\s*generation\s*(-?)%\}/g;
const CLOSES = /\{%(-?)\s*endgeneration\s*(-?)%\}/g;

/** Whether a template says by blocks what the assistant says. */
export const hasGeneration = (template: string): boolean => template.search(OPENS) >= 0;

/** The first character from a code on that a text does not have. */
const absentFrom = (code: number, text: string): string => {
  const character = String.fromCharCode(code);
  return text.includes(character) ? absentFrom(code + 1, text) : character;
};

/** Two characters that a text does not have: the first of a private use area. */
export function marksBeside(text: string): readonly [open: string, close: string] {
  const open = absentFrom(0xe000, text);
  return [open, absentFrom(open.charCodeAt(0) + 1, text)];
}

/**
 * The template with `{% generation %}` blocks as call blocks, which transformers makes of them too:
 * their text then stands between `open` and `close`. The library takes the tags out.
 */
export function withMarks(template: string, open: string, close: string): string {
  // The newline after a block goes by itself, and the template keeps a first line of its own.
  const macro = `{% macro said_by_assistant() %}${open}{{ caller() }}${close}{% endmacro %}\n`;
  return (
    macro +
    template
      .replaceAll(OPENS, '{%$1 call said_by_assistant() $2%}')
      .replaceAll(CLOSES, '{%$1 endcall $2%}')
  );
}

/** A rendered text without its marks, and what stood between these. */
export function takenOut(
  marked: string,
  open: string,
  close: string,
): { readonly text: string; readonly said: readonly Span[] } {
  const said: Span[] = [];
  let text = '';
  let start = 0;
  for (const part of marked.split(new RegExp(`([${open}${close}])`, 'u'))) {
    if (part === open) start = text.length;
    else if (part === close) said.push({ start, end: text.length });
    else text += part;
  }
  return { text, said };
}
