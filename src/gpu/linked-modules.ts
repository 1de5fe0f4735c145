/**
 * What the linker makes kernels of: the text of shaders and of what they import, by path in its
 * package. A kernel of quantized weights imports `package::format` and is linked for each number
 * format, whose module then stands for it.
 */
export type ModuleTexts = Readonly<Record<string, string>>;

/** What kernels call the module of the format that they are linked for. */
const FORMAT = 'format';

/** Formats that kernels are linked for: modules `quant/<format>` with an encoder. */
export function linkedFormats(modules: ModuleTexts): readonly string[] {
  return Object.entries(modules)
    .flatMap(([path, text]) => {
      const [, name] = /^quant\/(\w+)\.wesl$/.exec(path) ?? [];
      return name !== undefined && /^fn encode\(/m.test(text) ? [name] : [];
    })
    .sort();
}

/** The modules, with that of a format in the place that kernels import. */
export function modulesFor(modules: ModuleTexts, format: string | undefined): ModuleTexts {
  const text = modules[`quant/${format}.wesl`];
  return text === undefined ? modules : { ...modules, [`${FORMAT}.wesl`]: text };
}

/** Names of the modules that a text imports from: paths without extension. */
export function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/^import package::((?:\w+::)+)/gm)].map(([, path]) =>
    (path as string).slice(0, -2).replaceAll('::', '/'),
  );
}

/** The formats that a kernel is linked for; none where no format stands for what it imports. */
export function formatsOf(modules: ModuleTexts, kernel: string): readonly string[] {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = modules[`${name}.wgsl`] ?? modules[`${name}.wesl`] ?? '';
    for (const imported of importsOf(text)) visit(imported);
  };
  visit(kernel);
  return seen.has(FORMAT) ? linkedFormats(modules) : [];
}
