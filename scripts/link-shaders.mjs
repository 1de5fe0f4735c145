// Writes every kernel with all that it imports to a folder, for compilers that know no WESL: node
// scripts/link-shaders.mjs FOLDER
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { link } from 'wesl/core';

const [target = 'linked'] = process.argv.slice(2);
const weslSrc = Object.fromEntries([
  ...filesIn(new URL('../shaders/', import.meta.url), (path) => path),
  ...filesIn(new URL('../src/quant/', import.meta.url), (path) => path.replace(/^.*\//, 'quant/')),
]);

/** Sources in a folder, by their path in the linker's package. */
function filesIn(folder, nameOf) {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(wgsl|wesl)$/.test(file),
  );
  return paths.map((file) => [
    nameOf(file.replaceAll('\\', '/')),
    readFileSync(new URL(file, folder), 'utf8'),
  ]);
}

mkdirSync(target, { recursive: true });
for (const file of Object.keys(weslSrc).filter((name) => name.endsWith('.wgsl'))) {
  const rootModuleName = `package::${file.replace(/\.wgsl$/, '').replaceAll('/', '::')}`;
  const { dest } = await link({ weslSrc, rootModuleName });
  // Naga does not know the directive yet, only the operations.
  writeFileSync(`${target}/${file.replaceAll('/', '.')}`, dest.replace('enable subgroups;', ''));
}
