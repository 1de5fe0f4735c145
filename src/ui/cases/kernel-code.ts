import { sha256 } from '../../formats/sha256.ts';

/** A kernel as the repository holds it, and as browsers get it: with everything that it imports. */
export interface KernelCode {
  readonly written: string;
  readonly linked: string;
  /** SHA-256 of what browsers get, in hexadecimal digits. */
  readonly sha256: string;
}

const known = new Map<string, Promise<KernelCode | undefined>>();

/**
 * The code of a kernel, by its path in shaders/ without extension; of one with several
 * texts, that of the number format in the case's id, or else the first. Linker and sources are loaded with
 * the first one; undefined where there is none.
 */
export function kernelCode(file: string, caseId: string): Promise<KernelCode | undefined> {
  const key = `${file} ${caseId}`;
  const code = known.get(key) ?? load(file, caseId);
  known.set(key, code);
  return code;
}

async function load(file: string, caseId: string): Promise<KernelCode | undefined> {
  const [{ link }, { shaderSources }, { linksOf, modulesFor }] = await Promise.all([
    import('wesl/core'),
    import('../../gpu/shader-sources.ts'),
    import('../../gpu/linked-modules.ts'),
  ]);
  const written = shaderSources[`${file}.wgsl`];
  if (written === undefined) return undefined;
  const links = linksOf(shaderSources, file);
  const isOfCase = (name: string) => caseId.includes(`=${name.split('.').at(-1)}`);
  const { dest } = await link({
    weslSrc: { ...modulesFor(shaderSources, links.find(isOfCase) ?? links[0]) },
    rootModuleName: `package::${file.replaceAll('/', '::')}`,
  });
  const linked = dest.trim();
  const hash = await sha256(new TextEncoder().encode(linked));
  return { written: written.trim(), linked, sha256: hash };
}

/** The lines (from 1) that a fragment of a code lies on; none where it is not in it once. */
export function linesOf(code: string, fragment: string): readonly number[] {
  const at = code.indexOf(fragment);
  if (at < 0 || code.includes(fragment, at + 1)) return [];
  const first = code.slice(0, at).split('\n').length;
  return Array.from({ length: fragment.split('\n').length }, (_, i) => first + i);
}

/** A piece of WGSL for the eye: comments, keywords and numbers stand out. */
export interface Token {
  readonly kind: 'comment' | 'keyword' | 'number' | 'attribute' | 'text';
  readonly text: string;
}

const TOKENS =
  /(?<comment>\/\/.*)|(?<attribute>@\w+)|(?<keyword>\b(?:fn|let|var|const|override|struct|if|else|for|while|loop|return|break|continue|import|enable|alias|switch|case|default|true|false)\b)|(?<number>\b(?:0x[\da-fA-F]+|\d+\.?\d*(?:e[+-]?\d+)?)[uifh]?\b)/g;

/** The tokens of a line; together they are the line. */
export function tokensOf(line: string): readonly Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of line.matchAll(TOKENS)) {
    if (match.index > end) tokens.push({ kind: 'text', text: line.slice(end, match.index) });
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [
      'text',
    ];
    tokens.push({ kind: kind as Token['kind'], text: match[0] });
    end = match.index + match[0].length;
  }
  return end < line.length ? [...tokens, { kind: 'text', text: line.slice(end) }] : tokens;
}
