import { parseSync } from 'oxc-parser';
import { visit } from '../imports/syntax.ts';

const WIDTH = 100;
/** Words that leave out who is meant, or that stand for a simpler clause. */
const VAGUE = /\b(?:whoever|somebody|nobody|of which)\b/i;

/** A place in a file. */
interface Place {
  readonly line: number;
  readonly text: string;
}

/** Whether a file is TypeScript or JavaScript. */
function isScript(file: string): boolean {
  return /\.m?[jt]s$/.test(file);
}

/** The lines of a text, each with its number from 1. */
function linesOf(source: string): readonly Place[] {
  return source.split('\n').map((text, i) => ({ line: i + 1, text }));
}

/**
 * The lines that are wider than 100 columns. A row of a Markdown table cannot be wrapped and is
 * none.
 */
export function wideLines(file: string, source: string): readonly Place[] {
  return linesOf(source).filter(
    ({ text }) => [...text].length > WIDTH && !(file.endsWith('.md') && text.startsWith('|')),
  );
}

/** The lines of comments, docstrings and Markdown that hold a vague word. */
export function vagueLines(file: string, source: string): readonly Place[] {
  return linesOf(proseOf(file, source)).filter(({ text }) => VAGUE.test(text));
}

/** The text with all but its prose blanked out; lines stay where they are. */
function proseOf(file: string, source: string): string {
  if (file.endsWith('.md')) return source.replace(/^```.*?^```/gms, blank);
  if (file.endsWith('.py')) return keep(source, source.matchAll(/"""[\s\S]*?"""|#.*$/gm));
  if (!isScript(file)) return keep(source, source.matchAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm));
  const { comments } = parseSync(file, source);
  return keep(
    source,
    comments.map(({ start, end }) => ({ index: start, 0: source.slice(start, end) })),
  );
}

function keep(source: string, kept: Iterable<{ readonly index: number; readonly 0: string }>) {
  let text = '';
  let at = 0;
  for (const { index, 0: found } of kept) {
    text += blank(source.slice(at, index)) + found;
    at = index + found.length;
  }
  return text + blank(source.slice(at));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/**
 * How many declarations `const [a, b] = [x, y]` a script has, which only keep two statements on a
 * line.
 */
export function tupleDeclarations(file: string, source: string): number {
  if (!isScript(file)) return 0;
  let count = 0;
  visit(parseSync(file, source).program, ({ type, id, init }) => {
    if (type !== 'VariableDeclarator') return;
    if (typeOf(id) === 'ArrayPattern' && typeOf(init) === 'ArrayExpression') count++;
  });
  return count;
}

function typeOf(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'type' in node ? node.type : undefined;
}
