/**
 * What the linker makes kernels of: the text of shaders and of what they import, by path in its
 * package. Some modules are left open: `package::format`, for which that of a number format stands,
 * what the tiles of products import to read their operands, how bytes are multiplied, and where
 * streams go. A kernel that imports one is linked for each of its {@link linksOf}.
 */
export type ModuleTexts = Readonly<Record<string, string>>;

/** The modules that stand for those that are left open, by what kernels call them. */
type Standing = Readonly<Record<string, string>>;

/** What kernels call the module of the format that they are linked for. */
const FORMAT = 'format';

/**
 * How the operands of a product may be read: what stands for package::left and package::right, which
 * find the terms of A and B, and for package::elements, what their buffers hold.
 */
const OPERANDS: Readonly<Record<string, Standing>> = Object.fromEntries(
  Object.entries({
    strided: ['strided', 'strided', 'f32'],
    fours: ['fours', 'fours', 'f32'],
    strided_fours: ['strided', 'fours', 'f32'],
    fours_strided: ['fours', 'strided', 'f32'],
    columns: ['columns', 'turned', 'f32'],
    windows: ['fours', 'windows', 'f32'],
    strided_windows: ['strided', 'windows', 'f32'],
    pieces_windows: ['pieces', 'windows', 'f32'],
    words: ['strided', 'strided', 'words'],
    f16: ['strided', 'strided', 'f16'],
    f16_fours: ['fours', 'fours', 'f16'],
    quantized: ['fours', 'quantized', 'f32'],
    quantized_any: ['strided', 'quantized_any', 'f32'],
    bytes: ['fours', 'bytes', 'f32'],
    bytes_any: ['strided', 'bytes_any', 'f32'],
    groups: ['fours', 'groups', 'f32'],
    strided_groups: ['strided', 'groups', 'f32'],
    slices: ['fours', 'slices', 'f32'],
    strided_slices: ['strided', 'slices', 'f32'],
    across: ['fours', 'across', 'f32'],
    column_groups: ['fours', 'column_groups', 'f32'],
    strided_column_groups: ['strided', 'column_groups', 'f32'],
    gguf: ['fours', 'gguf', 'f32'],
    strided_gguf: ['strided', 'gguf', 'f32'],
    trits: ['fours', 'trits', 'f32'],
    strided_trits: ['strided', 'trits', 'f32'],
  }).map(([name, [left, right, elements]]) => [
    name,
    {
      left: `matmul/left/${left}`,
      right: `matmul/right/${right}`,
      elements: `matmul/elements/${elements}`,
    },
  ]),
);

/** Ways that only kernels may take which import a module, by its name. */
const NEEDED: Readonly<Record<string, string>> = { columns: 'matmul/quads' };

/** How four products of bytes are added up: what stands for package::dots. */
const DOTS: Readonly<Record<string, Standing>> = {
  unpacked: { dots: 'matmul/dots/unpacked' },
  packed: { dots: 'matmul/dots/packed' },
};

/** Where what is written lies, by what was read: what stands for package::places. */
const PLACES: Readonly<Record<string, Standing>> = {
  apart: { places: 'bench/places/apart' },
  in_place: { places: 'bench/places/in_place' },
};

/** The ways to link a kernel, by a module that it leaves open. */
const WAYS: Readonly<Record<string, Readonly<Record<string, Standing>>>> = {
  left: OPERANDS,
  dots: DOTS,
  places: PLACES,
};

/** Formats that kernels are linked for: modules `quant/<format>` with an encoder. */
export function linkedFormats(modules: ModuleTexts): readonly string[] {
  return Object.entries(modules)
    .flatMap(([path, text]) => {
      const [, name] = /^quant\/(\w+)\.wesl$/.exec(path) ?? [];
      return name !== undefined && /^fn encode\(/m.test(text) ? [name] : [];
    })
    .sort();
}

/**
 * The modules, with those in place that a link names: a way to read operands, a format, or both
 * with a dot between.
 */
export function modulesFor(modules: ModuleTexts, link: string | undefined): ModuleTexts {
  const standing = Object.entries(standingFor(link)).flatMap(([name, path]) => {
    const text = modules[`${path}.wesl`];
    return text === undefined ? [] : [[`${name}.wesl`, text] as const];
  });
  return standing.length === 0 ? modules : { ...modules, ...Object.fromEntries(standing) };
}

function standingFor(link = ''): Standing {
  const [first = '', second = ''] = link.split('.');
  const way = Object.values(WAYS).find((ways) => Object.hasOwn(ways, first))?.[first];
  const format = way ? second : first;
  return { ...way, ...(format ? { [FORMAT]: `quant/${format}` } : {}) };
}

/**
 * A linked text without comments and empty lines: what is for readers of the source is left out of
 * what the page loads.
 */
export function withoutComments(code: string): string {
  return code
    .replace(/\s*\/\/.*$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

/** Names of the modules that a text imports from: paths without extension. */
export function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/^import package::((?:\w+::)+)/gm)].map(([, path]) =>
    (path as string).slice(0, -2).replaceAll('::', '/'),
  );
}

/** The links of a kernel: names of its texts; none where it leaves no module open. */
export function linksOf(modules: ModuleTexts, kernel: string): readonly string[] {
  const open = importedBy(modules, kernel, {});
  const ways = Object.entries(WAYS).find(([name]) => open.has(name))?.[1] ?? { '': {} };
  return Object.keys(ways)
    .filter((way) => open.has(NEEDED[way] ?? kernel))
    .flatMap((way) => {
      const needsFormat = importedBy(modules, kernel, standingFor(way)).has(FORMAT);
      const formats = needsFormat ? linkedFormats(modules) : [''];
      return formats.map((format) => [way, format].filter((part) => part !== '').join('.'));
    })
    .filter((link) => link !== '');
}

/** The modules that may stand where a text imports `name`: itself, unless it is left open. */
export function standingAt(modules: ModuleTexts, name: string): readonly string[] {
  if (name === FORMAT) return linkedFormats(modules).map((format) => `quant/${format}`);
  const ways = Object.values(WAYS).flatMap((all) => Object.values(all));
  const standing = ways.flatMap((way) => way[name] ?? []);
  return standing.length === 0 ? [name] : [...new Set(standing)];
}

/** Every module that a kernel imports, directly or not, with some in the places left open. */
function importedBy(modules: ModuleTexts, kernel: string, standing: Standing): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const path = standing[name] ?? name;
    const text = modules[`${path}.wgsl`] ?? modules[`${path}.wesl`] ?? '';
    for (const imported of importsOf(text)) visit(imported);
  };
  visit(kernel);
  return seen;
}
