import { link } from 'wesl/core';
import { formatsOf, modulesFor } from '../gpu/linked-modules.ts';
import type { Shader } from '../gpu/shader.ts';
import { shaderSources } from '../gpu/shader-sources.ts';

/** Every kernel as the build links it; those of quantized weights once for each number format. */
export async function linkedKernels(): Promise<readonly Shader[]> {
  const files = Object.keys(shaderSources)
    .filter((path) => path.endsWith('.wgsl'))
    .map((path) => path.replace(/\.wgsl$/, ''));
  const texts = files.flatMap((file): readonly Omit<Shader, 'code'>[] => {
    const formats = formatsOf(shaderSources, file);
    return formats.length === 0 ? [{ file }] : formats.map((format) => ({ file, format }));
  });
  return Promise.all(
    texts.map(async ({ file, format }) => {
      const weslSrc = { ...modulesFor(shaderSources, format) };
      const rootModuleName = `package::${file.replaceAll('/', '::')}`;
      const { dest } = await link({ weslSrc, rootModuleName });
      return { file, code: dest, ...(format === undefined ? {} : { format }) };
    }),
  );
}
