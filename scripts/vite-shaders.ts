import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';
import { link } from 'wesl/core';
import { shaderFiles } from '../src/cli/shader-files.ts';

/**
 * Lets TypeScript import a shader: the module is `{ file, code }`, linked by WESL with everything
 * that it imports.
 */
export function shaders(root: string): Plugin {
  const folder = join(root, 'shaders');
  return {
    name: 'gradproof-shaders',
    enforce: 'pre',
    async load(id) {
      const [path, query] = id.split('?') as [string, string?];
      if (!/\.(wgsl|wesl)$/.test(path) || query === 'raw') return;
      const files = shaderFiles(root);
      const file = nameOf(folder, path);
      for (const source of Object.values(files)) this.addWatchFile(source);
      const linked = await link({
        weslSrc: Object.fromEntries(
          Object.entries(files).map(([path, source]) => [path, readFileSync(source, 'utf8')]),
        ),
        rootModuleName: `package::${file.replaceAll('/', '::')}`,
      });
      return {
        code: `export default ${JSON.stringify({ file, code: linked.dest.trim() })};`,
        map: null,
        moduleType: 'js',
      };
    },
  };
}

function nameOf(folder: string, path: string): string {
  return relative(folder, path)
    .split(sep)
    .join('/')
    .replace(/\.\w+$/, '');
}
