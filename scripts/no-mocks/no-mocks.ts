import { parseSync } from 'oxc-parser';
import { isNode, type Node, visit } from '../../src/cli/syntax/syntax.ts';

/** What of Vitest puts something else in the place of a function, a module or a global. */
const OF_VITEST = ['mock', 'doMock', 'fn', 'spyOn', 'stubGlobal', 'hoisted', 'mocked'];
/** What of Playwright answers in the place of a server. */
const OF_PLAYWRIGHT = ['route', 'routeFromHAR', 'routeWebSocket', 'fulfill'];
/** What is found of a seam that is wrapped where no fault declares it. */
export const SEAM = 'wraps a seam';
/** Packages that are there for nothing else. */
const PACKAGES = /^(sinon|nock|msw|testdouble|jest-mock|undici\/mock.*)$/;
/** The same in Python. */
const OF_PYTHON = /\b(monkeypatch|unittest\.mock|MagicMock|responses\.activate|mocker)\b/g;

/**
 * Where TypeScript puts something in the place of what runs: mocks, intercepted requests, seams that
 * no fault declares, and members of what is imported or global that it assigns.
 */
export function mocksIn(file: string, source: string): readonly string[] {
  const { program } = parseSync(file, source);
  const imported = new Set<string>(['globalThis', 'window', 'navigator']);
  const found: string[] = [];
  visit(program, (node) => {
    if (node.type === 'ImportDeclaration') {
      const from = String((node['source'] as Node)['value']);
      if (PACKAGES.test(from)) found.push(`imports ${from}`);
      for (const one of node['specifiers'] as readonly Node[])
        imported.add(String((one['local'] as Node)['name']));
    }
  });
  visit(program, (node) => {
    if (node.type === 'CallExpression') found.push(...calls(node['callee']));
    const target = node.type === 'AssignmentExpression' ? node['left'] : undefined;
    if (isNode(target) && target.type === 'MemberExpression') {
      const root = rootOf(target);
      if (root !== undefined && imported.has(root)) found.push(`assigns a member of ${root}`);
    }
  });
  return found;
}

/** What a call does that is none of a test's business. */
function calls(callee: unknown): readonly string[] {
  if (!isNode(callee)) return [];
  if (callee['name'] === 'wrapSeam') return [SEAM];
  const name = isNode(callee['property']) ? String(callee['property']['name']) : '';
  const isOfVitest = rootOf(callee) === 'vi' && OF_VITEST.includes(name);
  if (isOfVitest) return [`calls vi.${name}`];
  return callee.type === 'MemberExpression' && OF_PLAYWRIGHT.includes(name)
    ? [`calls ${name}`]
    : [];
}

/** The name at which members of members begin. */
function rootOf(node: Node): string | undefined {
  const object = node['object'];
  if (isNode(object)) return rootOf(object);
  return typeof node['name'] === 'string' ? node['name'] : undefined;
}

/** The same of a file of Python. */
export const mocksInPython = (source: string): readonly string[] =>
  Array.from(source.matchAll(OF_PYTHON), ([word]) => `uses ${word}`);
