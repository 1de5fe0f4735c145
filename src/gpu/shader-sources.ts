/**
 * The text of every shader and of what they import, by path in the linker's package: what the
 * linker makes fused kernels of. Loaded when one is.
 */
export const shaderSources: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    ...import.meta.glob<string>('../../shaders/**/*.{wgsl,wesl}', {
      eager: true,
      query: '?raw',
      import: 'default',
    }),
    ...import.meta.glob<string>('../quant/*/*.wesl', {
      eager: true,
      query: '?raw',
      import: 'default',
    }),
  }).map(([path, text]) => [
    path.replace(/^.*\/shaders\//, '').replace(/^\.\.\/quant\/[^/]*\//, 'quant/'),
    text,
  ]),
);
