import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Rolldown } from 'vite';

/** What is fetched as one file and evaluated at once. */
interface Chunk {
  readonly name: string;
  /** Modules, each with all that it imports less what an earlier chunk has. */
  readonly roots: readonly string[];
  /** Which of those modules; all without it. */
  readonly only?: RegExp;
}

const MAIN = 'src/ui/app/main.ts';
const FIRST: readonly Chunk[] = [
  // A page without a person needs it too, and loads no element.
  { name: 'base', roots: [MAIN], only: /\/src\/(?!ui\/)|\/preload-helper\./ },
  { name: 'page', roots: ['src/ui/app/app-element.ts', 'src/ui/messages/language.ts'] },
];

/** What only a run needs. */
const HARNESS: readonly Chunk[] = [
  { name: 'kernels', roots: ['src/ops/registry.ts'] },
  { name: 'oracle', roots: ['src/reference/registry.ts'] },
  { name: 'harness', roots: ['src/harness/registry.ts', 'src/harness/runner.ts'] },
];

/** Code of the engine that views without a run need too; data is for those that show it. */
const SHARED = /\/(src|shaders)\/.*(?<!\.json)$/;

/** What several suites import. A file of suites stays a file: what it throws is its own affair. */
function forSuites(root: string): Chunk {
  const files = readdirSync(join(root, 'suites'), { recursive: true, encoding: 'utf8' });
  return {
    name: 'engine',
    roots: files.filter((file) => file.endsWith('.suite.ts')).map((file) => `suites/${file}`),
    only: /\/(src|shaders)\//,
  };
}

/** What a module imports: at once, and when it asks for it. */
export type ImportsOf = (id: string) => {
  readonly importedIds: readonly string[];
  readonly dynamicallyImportedIds: readonly string[];
};

const NONE = { importedIds: [], dynamicallyImportedIds: [] };

/**
 * Few chunks where there would be one for each set of modules with the same importers, which are
 * several hundred: to list what is fetched together took a tenth of the first screen.
 */
export function pageChunks(root: string): Rolldown.CodeSplittingOptions {
  let chunks: ReadonlyMap<string, string> | undefined;
  const chunkOf: Rolldown.CodeSplittingNameFunction = (id, context) => {
    chunks ??= chunksOf(root, forSuites(root), (module) => context.getModuleInfo(module) ?? NONE);
    return chunks.get(id);
  };
  return { groups: [{ name: chunkOf, includeDependenciesRecursively: false }] };
}

/** The chunk of each module that is in one of them. */
export function chunksOf(
  root: string,
  suites: Chunk,
  importsOf: ImportsOf,
): ReadonlyMap<string, string> {
  const chunks = new Map<string, string>();
  const collect = ({ name, roots, only }: Chunk, without: ReadonlySet<string>) => {
    for (const id of withImports(
      roots.map((path) => join(root, path)),
      importsOf,
    ))
      if (!chunks.has(id) && !without.has(id) && (!only || only.test(id))) chunks.set(id, name);
  };
  for (const chunk of FIRST) collect(chunk, new Set());
  const heavy = new Set(HARNESS.flatMap(({ roots }) => roots).map((path) => join(root, path)));
  const light = modulesWithout(heavy, join(root, MAIN), importsOf);
  for (const chunk of [...HARNESS, suites]) collect(chunk, light);
  const roots = [...HARNESS, suites].flatMap((chunk) => chunk.roots);
  collect({ name: 'shared', roots, only: SHARED }, new Set());
  return chunks;
}

/**
 * What the page can show without any of the `heavy` modules: nothing of it may be fetched with
 * them.
 */
function modulesWithout(
  heavy: ReadonlySet<string>,
  main: string,
  importsOf: ImportsOf,
): ReadonlySet<string> {
  const entries = new Set([main]);
  const found = new Set<string>();
  for (const entry of entries) {
    const modules = withImports([entry], importsOf);
    if ([...heavy].some((id) => modules.has(id))) continue;
    for (const id of modules) {
      found.add(id);
      for (const later of importsOf(id).dynamicallyImportedIds) entries.add(later);
    }
  }
  return found;
}

function withImports(ids: readonly string[], importsOf: ImportsOf): Set<string> {
  const found = new Set(ids);
  // A set is walked to what is added meanwhile.
  for (const id of found) for (const imported of importsOf(id).importedIds) found.add(imported);
  return found;
}
