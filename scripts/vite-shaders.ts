import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';
import { link } from 'wesl/core';
import { shaderFiles } from '../src/cli/shader-files.ts';
import {
  linksOf,
  type ModuleTexts,
  modulesFor,
  withoutComments,
} from '../src/gpu/linked-modules.ts';
import type { LinkedShaders, Shader } from '../src/gpu/shader.ts';

/**
 * Lets TypeScript import a shader: the module is `{ file, code }`, linked by WESL with everything
 * that it imports. With `?links` it holds one of each of the shader's links, by their names.
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
      for (const source of Object.values(files)) this.addWatchFile(source);
      const modules = Object.fromEntries(
        Object.entries(files).map(([path, source]) => [path, readFileSync(source, 'utf8')]),
      );
      const file = nameOf(folder, path);
      const shader = query === 'links' ? await ofLinks(modules, file) : await linked(modules, file);
      return { code: `export default ${JSON.stringify(shader)};`, map: null, moduleType: 'js' };
    },
  };
}

async function ofLinks(modules: ModuleTexts, file: string): Promise<LinkedShaders> {
  const shaders = linksOf(modules, file).map(async (name) => [
    name,
    { ...(await linked(modulesFor(modules, name), file)), link: name },
  ]);
  return Object.fromEntries(await Promise.all(shaders));
}

async function linked(modules: ModuleTexts, file: string): Promise<Shader> {
  const { dest } = await link({
    weslSrc: { ...modules },
    rootModuleName: `package::${file.replaceAll('/', '::')}`,
  });
  return { file, code: withoutComments(dest) };
}

function nameOf(folder: string, path: string): string {
  return relative(folder, path)
    .split(sep)
    .join('/')
    .replace(/\.\w+$/, '');
}
