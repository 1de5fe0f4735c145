import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';
import { link } from 'wesl/core';

/** Lets TypeScript import a shader: the module is `{ file, code }`, linked by WESL with everything that it imports. */
export function shaders(root: string): Plugin {
  const folder = join(root, 'shaders');
  return {
    name: 'gradproof-shaders',
    enforce: 'pre',
    async load(id) {
      const [path, query] = id.split('?') as [string, string?];
      if (!/\.(wgsl|wesl)$/.test(path) || query === 'raw') return;
      const sources = readSources(folder);
      const file = nameOf(folder, path);
      for (const source of Object.keys(sources)) this.addWatchFile(join(folder, source));
      const linked = await link({ weslSrc: sources, rootModuleName: `package::${file.replaceAll('/', '::')}` });
      return { code: `export default ${JSON.stringify({ file, code: linked.dest.trim() })};`, map: null, moduleType: 'js' };
    },
  };
}

function readSources(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(wgsl|wesl)$/.test(file));
  return Object.fromEntries(files.map((file) => [file.split(sep).join('/'), readFileSync(join(folder, file), 'utf8')]));
}

function nameOf(folder: string, path: string): string {
  return relative(folder, path)
    .split(sep)
    .join('/')
    .replace(/\.\w+$/, '');
}
