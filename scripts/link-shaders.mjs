// Writes every kernel with all that it imports to a folder, for compilers that know no WESL: node
// scripts/link-shaders.mjs [FOLDER], by default linked/
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { link } from 'wesl/core';
import { runMain, SetupError } from './setup/step.mjs';

await runMain(async () => {
  const target = folder();
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { module: files } = await runnerImport(`${root}/src/cli/shader-files.ts`);
  const { module: linked } = await runnerImport(`${root}/src/gpu/linked-modules.ts`);
  const modules = Object.fromEntries(
    Object.entries(files.shaderFiles(root)).map(([path, file]) => [
      path,
      readFileSync(file, 'utf8'),
    ]),
  );
  for (const path of Object.keys(modules).filter((name) => name.endsWith('.wgsl'))) {
    const kernel = path.replace(/\.wgsl$/, '');
    const links = linked.linksOf(modules, kernel);
    for (const name of links.length === 0 ? [undefined] : links) {
      const { dest } = await link({
        weslSrc: linked.modulesFor(modules, name),
        rootModuleName: `package::${kernel.replaceAll('/', '::')}`,
      });
      const file = [...kernel.split('/'), ...(name ? [name] : [])].join('.');
      // Naga does not know the directive yet, only the operations.
      writeFileSync(`${target}/${file}.wgsl`, dest.replace('enable subgroups;', ''));
    }
  }
});

/** The folder that is given, made where it is not there. */
function folder() {
  try {
    const { positionals } = parseArgs({ allowPositionals: true });
    const [target = 'linked', ...more] = positionals;
    if (more.length > 0) throw new Error('name one folder');
    mkdirSync(target, { recursive: true });
    return target;
  } catch (error) {
    throw new SetupError(`${error.message}: use: node scripts/link-shaders.mjs [FOLDER]`);
  }
}
