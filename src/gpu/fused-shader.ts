import { FLOATS, type FloatStorage } from './float-storage.ts';
import { modulesFor, withoutComments } from './linked-modules.ts';
import type { Cast } from './recorder.ts';
import { type Shader, textOf } from './shader.ts';

/** One function of a fused kernel, and where its arguments come from. */
export interface FusedCall {
  /** The shader whose function of its own name is called. */
  readonly shader: Shader;
  readonly operands: readonly ({ readonly input: number } | { readonly call: number })[];
  /** How many numbers of the uniform struct it takes after its operands. */
  readonly parameters: number;
  /** Set where it stores its operand in another way, instead of applying a function. */
  readonly cast?: Cast;
}

/** What a fused kernel computes: calls in order, some of whose results it stores. */
export interface FusedKernel {
  readonly inputs: number;
  readonly calls: readonly FusedCall[];
  /** Calls whose results are outputs, in the order of their bindings. */
  readonly stored: readonly number[];
}

/**
 * The kernel as linked WGSL. It imports the functions of its parts; linker and sources are loaded
 * with the first one.
 */
export function fusedShader(kernel: FusedKernel): Promise<Shader> {
  const label = kernel.calls.map(({ shader }) => nameOf(shader)).join('+');
  return linkedWith(label, 'fused.wesl', fusedModule(kernel), { file: 'fused' });
}

const linked = new Map<string, Promise<Shader>>();

/** What a kernel is linked from: its file, and what stands for the modules that it leaves open. */
type Root = Pick<Shader, 'file' | 'link'>;

/**
 * `root` linked with `text` in the place of the module `path`: once, however often it is asked for.
 */
export function linkedWith(label: string, path: string, text: string, root: Root): Promise<Shader> {
  const file = `fused/${label}-${digest(`${textOf(root)}\n${text}`)}`;
  const shader = linked.get(file) ?? link(file, path, text, root);
  linked.set(file, shader);
  return shader;
}

async function link(file: string, path: string, text: string, root: Root): Promise<Shader> {
  const [wesl, { shaderSources }] = await Promise.all([
    import('wesl/core'),
    import('./shader-sources.ts'),
  ]);
  const { dest } = await wesl.link({
    weslSrc: { ...modulesFor(shaderSources, root.link), [path]: text },
    rootModuleName: `package::${root.file.replaceAll('/', '::')}`,
  });
  return { file, code: withoutComments(dest) };
}

/**
 * The kernel as a WESL module: imports, bindings, and one call after the other on the vec4f of an
 * invocation.
 */
export function fusedModule({ inputs, calls, stored }: FusedKernel): string {
  const halves = calls.flatMap(({ cast }) => (cast ? [cast.from, cast.to] : []));
  const casts = halves.some((half) => half !== 'f32') ? [UNPACK, PACK] : [];
  const imports = new Set([
    ...casts.map((name) => `import package::lib::storage::${name};`),
    ...calls.flatMap(({ shader, cast }) =>
      cast ? [] : [`import package::${shader.file.replaceAll('/', '::')}::${nameOf(shader)};`],
    ),
  ]);
  // What a cast reads lies in words; other inputs are floats for all that the text says.
  const storageOfInput = (input: number) =>
    calls.find(
      ({ cast, operands }) =>
        cast && operands.some((operand) => 'input' in operand && operand.input === input),
    )?.cast?.from;
  const storageOfCall = (call: number) => calls[call]?.cast?.to;
  const typeOfInput = (input: number) => typeOf(storageOfInput(input));
  const typeOfCall = (call: number) => typeOf(storageOfCall(call));
  const numbersOf = ({ parameters }: FusedCall, call: number) =>
    Array.from({ length: parameters }, (_, i) => `p${call}_${i}`);
  const lets = calls.map((call, i) => {
    const { shader, operands } = call;
    const words = operands.map((operand) =>
      'input' in operand ? `in${operand.input}[i]` : `t${operand.call}`,
    );
    const floats = operands.map((operand, at) => {
      const from = 'input' in operand ? storageOfInput(operand.input) : storageOfCall(operand.call);
      return castOf({ from: from ?? 'f32', to: 'f32' }, words[at] as string);
    });
    const scalars = numbersOf(call, i).map((name) => `dims.${name}`);
    const value = call.cast
      ? castOf(call.cast, words.join())
      : `${nameOf(shader)}(${[...floats, ...scalars].join(', ')})`;
    return `  let t${i} = ${value};`;
  });
  const bindings = [
    ...Array.from(
      { length: inputs },
      (_, i) => `var<storage, read> in${i}: array<${typeOfInput(i)}>;`,
    ),
    ...stored.map((call, i) => `var<storage, read_write> out${i}: array<${typeOfCall(call)}>;`),
    'var<uniform> dims: Dims;',
  ];
  return [
    'import package::lib::grid::{ MANY, linear_index };',
    ...[...imports].sort(),
    `struct Dims { ${['count: u32', ...calls.flatMap(numbersOf).map((name) => `${name}: f32`)].join(', ')} }`,
    ...bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`),
    '@compute @workgroup_size(MANY)',
    'fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {',
    '  let i = linear_index(group, groups, lane, MANY);',
    ...lets,
    '  let whole = dims.count / 4u;',
    '  if (i < whole) {',
    ...stored.map((call, i) => `    out${i}[i] = t${call};`),
    '  } else if (i == whole) {',
    ...stored.flatMap((call, i) => [
      `    for (var c = 0u; c < ${typeOfCall(call) === HALVES ? '(dims.count % 4u + 1u) / 2u' : 'dims.count % 4u'}; c++) {`,
      `      out${i}[i][c] = t${call}[c];`,
      '    }',
    ]),
    '  }',
    '}',
    '',
  ].join('\n');
}

const HALVES = 'vec2u';
const UNPACK = 'unpack_four';
const PACK = 'pack_four';

function typeOf(storage: FloatStorage = 'f32'): string {
  return storage === 'f32' ? 'vec4f' : HALVES;
}

/** Four floats stored in another way. */
function castOf({ from, to }: Cast, value: string): string {
  const floats = from === 'f32' ? value : `${UNPACK}(${value}, ${FLOATS.indexOf(from)}u)`;
  return to === 'f32' ? floats : `${PACK}(${floats}, ${FLOATS.indexOf(to)}u)`;
}

/** `silu` of nn/silu: the function that an elementwise kernel applies has the name of its file. */
export function nameOf({ file }: Shader): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** Digits that tell texts apart (FNV-1a). */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
