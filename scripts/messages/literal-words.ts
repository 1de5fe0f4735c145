import { parseSync } from 'oxc-parser';
import { childrenOf, isNode, type Node } from '../../src/cli/syntax/syntax.ts';

/** Words that stand in a template and not in the catalog. */
export interface LiteralWords {
  readonly line: number;
  readonly text: string;
}

/** Attributes and properties whose values people read or hear. */
const READ = new Set([
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'aria-valuetext',
  'title',
  'alt',
  'placeholder',
  'label',
]);
/** The same in every language: names, file formats, keys. */
const NAMES =
  /\b(?:Gradproof|GitHub|JSON|JUnit|CSV|HTML|SVG|PNG|QR|WGSL|Markdown|Python|WebGPU|npm start|gradproof float64 oracle|shaders|wgsl)\b/g;
const WORD = /\p{L}{2,}/u;
/**
 * What a string inside of an expression must look like to be taken for words: a capital with a
 * small letter, or two words.
 */
const PROSE = /(?<!\p{L})\p{Lu}\p{Ll}|\p{L}{2,} \p{L}{2,}/u;
/** Two words: a single one may be a name or a key. */
const SENTENCE = /\p{L}{2,} \p{L}{2,}/u;

/**
 * Where a hole of a template stands: in text, in an attribute (its name), or between attributes.
 */
type Place = 'text' | 'tag' | { readonly attribute: string };

/**
 * Every literal word in the `html` and `svg` templates of a module: as text, as an attribute that
 * is read, or in an expression there.
 */
export function literalWords(file: string, source: string): readonly LiteralWords[] {
  const found: LiteralWords[] = [];
  const lineOf = (at: number) => source.slice(0, at).split('\n').length;
  const look = (node: Node): void => {
    if (
      node.type === 'TaggedTemplateExpression' &&
      isNode(node['tag']) &&
      ['html', 'svg'].includes(String(node['tag']['name']))
    ) {
      const quasi = node['quasi'] as Node;
      const quasis = (quasi['quasis'] as Node[]).map((each) =>
        String((each['value'] as { cooked: string }).cooked),
      );
      const { read, places } = scan(quasis);
      for (const text of read)
        if (isWord(text)) found.push({ line: lineOf(Number(node['start'])), text: text.trim() });
      for (const [i, hole] of (quasi['expressions'] as Node[]).entries()) {
        const place = places[i];
        if (place === 'text' || (typeof place === 'object' && READ.has(place.attribute))) {
          for (const text of proseIn(hole))
            found.push({ line: lineOf(Number(hole['start'])), text });
        }
      }
    }
    for (const child of childrenOf(node)) look(child);
  };
  look(parseSync(file, source).program as unknown as Node);
  return found;
}

function isWord(text: string): boolean {
  return WORD.test(text.replace(NAMES, '').replace(/&\w+;/g, ''));
}

/** Texts and attribute values that are read, and where each hole stands. */
function scan(quasis: readonly string[]): {
  readonly read: readonly string[];
  readonly places: readonly Place[];
} {
  const read: string[] = [];
  const places: Place[] = [];
  let tag = false;
  let attribute: string | undefined;
  let quote = '';
  let value = '';
  let text = '';
  const endAttribute = () => {
    if (attribute && READ.has(attribute)) read.push(value);
    attribute = undefined;
    quote = '';
    value = '';
  };
  for (const [i, quasi] of quasis.entries()) {
    for (let at = 0; at < quasi.length; at++) {
      const char = quasi[at] as string;
      if (quasi.startsWith('<!--', at)) at = Math.max(at, quasi.indexOf('-->', at) + 2);
      else if (!tag) {
        if (char === '<') {
          read.push(text);
          text = '';
          tag = true;
        } else text += char;
      } else if (attribute !== undefined) {
        if (quote ? char === quote : /[\s>]/.test(char)) endAttribute();
        else value += char;
        if (!quote && char === '>') tag = false;
      } else if (char === '>') tag = false;
      else if (char === '=') {
        attribute = /([\w.@?:-]+)$/.exec(quasi.slice(0, at))?.[1] ?? '';
        quote = /["']/.test(quasi[at + 1] ?? '') ? (quasi[at + 1] as string) : '';
        if (quote) at++;
      }
    }
    if (i === quasis.length - 1) break;
    places.push(
      !tag ? 'text' : attribute === undefined ? 'tag' : { attribute: attribute.replace(/^\./, '') },
    );
    if (tag && attribute !== undefined && !quote) endAttribute();
    text += ' ';
  }
  read.push(text);
  return { read, places };
}

/** What a string of its own says, where that looks like prose. */
function ownProse(node: Node, looks = PROSE): readonly string[] {
  const text =
    node.type === 'TemplateElement'
      ? (node['value'] as { cooked: string }).cooked
      : node.type === 'Literal'
        ? node['value']
        : undefined;
  return typeof text === 'string' && looks.test(text.replace(NAMES, '')) ? [text] : [];
}

/** Strings of an expression that look like prose; of a template inside, its own look is taken. */
function proseIn(node: Node): readonly string[] {
  if (node.type === 'TaggedTemplateExpression') return [];
  // What is compared or looked up is not shown.
  if (node.type === 'BinaryExpression' || node.type === 'MemberExpression') return [];
  if (node.type === 'CallExpression') return (node['arguments'] as Node[]).flatMap(proseIn);
  return [...ownProse(node), ...childrenOf(node).flatMap(proseIn)];
}

/**
 * Strings of a module without templates that look like sentences; the reasons of errors, which stay
 * in English, are left out.
 */
export function literalProse(file: string, source: string): readonly LiteralWords[] {
  const found: LiteralWords[] = [];
  const look = (node: Node): void => {
    if (
      ['NewExpression', 'ThrowStatement', 'ImportDeclaration', 'ImportExpression'].includes(
        node.type,
      )
    )
      return;
    for (const text of ownProse(node, SENTENCE))
      found.push({ line: source.slice(0, Number(node['start'])).split('\n').length, text });
    for (const child of childrenOf(node)) look(child);
  };
  look(parseSync(file, source).program as unknown as Node);
  return found;
}
