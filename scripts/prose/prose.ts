import { parseSync } from 'oxc-parser';
import { type Node, visit } from '../../src/cli/syntax/syntax.ts';

const WIDTH = 100;
/** Words that leave out who is meant, or that stand for a simpler clause. */
const VAGUE = /\b(?:whom?ever|(?:some|no|every|any)body|of which|whatever else)\b/i;

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

/** The lines of comments, strings and Markdown that hold a vague word. */
export function vagueLines(file: string, source: string): readonly Place[] {
  return linesOf(proseOf(file, source)).filter(({ text }) => VAGUE.test(text));
}

/** The text with all but its prose blanked out; lines stay where they are. */
function proseOf(file: string, source: string): string {
  if (file.endsWith('.md')) return source.replace(/^```.*?^```/gms, blank);
  if (file.endsWith('.py')) return keep(source, source.matchAll(/"""[\s\S]*?"""|".*?"|#.*$/gm));
  if (!isScript(file)) return keep(source, source.matchAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm));
  const { comments, program } = parseSync(file, source);
  const spans: Span[] = [...comments];
  visit(program, (node) => {
    if (isText(node)) spans.push(node);
  });
  spans.sort((a, b) => a.start - b.start);
  return keep(
    source,
    spans.map(({ start, end }) => ({ index: start, 0: source.slice(start, end) })),
  );
}

/** Where something stands in a text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Whether a node is a string, or a template's text between its expressions. */
function isText(node: Node): node is Node & Span {
  return (
    node.type === 'TemplateElement' || (node.type === 'Literal' && typeof node.value === 'string')
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
 * How many declarations `const [a, b] = [x, y]` a script has, with `as const` or another type behind
 * them too: they only keep two statements on a line.
 */
export function tupleDeclarations(file: string, source: string): number {
  if (!isScript(file)) return 0;
  let count = 0;
  visit(parseSync(file, source).program, ({ type, id, init }) => {
    if (type !== 'VariableDeclarator') return;
    if (typeOf(id) === 'ArrayPattern' && typeOf(asserted(init)) === 'ArrayExpression') count++;
  });
  return count;
}

/** What stands before `as`. */
function asserted(node: unknown): unknown {
  if (typeOf(node) !== 'TSAsExpression') return node;
  return asserted((node as { readonly expression: unknown }).expression);
}

function typeOf(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'type' in node ? node.type : undefined;
}
