import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * The sources of all shaders: files by their path in the linker's package. Those in shaders/ keep
 * theirs, and the WESL of a number format, src/quant/<format>/<format>.wesl, is
 * quant/<format>.wesl.
 */
export function shaderFiles(root: string): Readonly<Record<string, string>> {
  const formats = join('src', 'quant');
  const found = [
    ...filesIn(root, 'shaders').map((path) => [path, join(root, 'shaders', path)] as const),
    ...filesIn(root, formats).map(
      (path) => [`quant/${path.split(sep).at(-1)}`, join(root, formats, path)] as const,
    ),
  ];
  return Object.fromEntries(found.map(([path, file]) => [path.split(sep).join('/'), file]));
}

function filesIn(root: string, folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(wgsl|wesl)$/.test(path),
  );
}
