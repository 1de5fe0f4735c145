import { invariant } from '../errors.ts';
import { seam } from '../seam.ts';
import type { LiveNumber } from '../vocabulary/live-number.ts';
import type { Half } from './float-storage.ts';

/**
 * WGSL text as linked by the build; `file` is its path in shaders/ without extension, for example
 * `matmul/quad`.
 */
export interface Shader {
  readonly file: string;
  readonly code: string;
  /** What this text is linked with, where the file leaves modules open (linked-modules.ts). */
  readonly link?: string;
  /** Of its bindings that it reads in halves, which format each has (half-reads.ts). */
  readonly reads?: readonly (Half | undefined)[];
}

/** The texts of a shader that leaves modules open, by what they are linked with. */
export type LinkedShaders = Readonly<Record<string, Shader>>;

/** One of the texts. Throws InvariantError where the build has none. */
export function linkedShader(shaders: LinkedShaders, link: string): Shader {
  const shader = shaders[link];
  invariant(shader, () => `no kernel is linked with ${link}`);
  return shader;
}

/** Names one text of a shader: `matmul/quad fours`. */
export function textOf({
  file,
  link,
}: {
  readonly file: string;
  readonly link?: string | undefined;
}): string {
  return link === undefined ? file : `${file} ${link}`;
}

/** One field of a kernel's uniform struct. */
export type UniformField = { readonly kind: 'u32' | 'f32'; readonly value: number };

/** Fields of small integers, most of those that a launch has: to make them anew is garbage. */
const SMALL = Array.from({ length: 1024 }, (_, value): UniformField => ({ kind: 'u32', value }));

/** An unsigned integer field of a uniform struct; of a negative one, its 32 bits. */
export function u32(value: number): UniformField {
  const small = SMALL[value];
  if (small) return small;
  // The bytes of what is no number would be those of 0.
  invariant(Number.isFinite(value), () => `an integer of a uniform struct is ${value}`);
  return { kind: 'u32', value };
}

/** A float field of a uniform struct; the value is rounded to float32. */
export const f32 = (value: number): UniformField => ({ kind: 'f32', value });

/** A field that only fills up a struct: no kernel reads it. */
export const PADDING: UniformField = u32(0);

/**
 * A uniform struct, or a function that is asked for it each time that a launch runs: when it is
 * recorded and at each replay of a capture.
 */
export type Uniforms = readonly UniformField[] | (() => readonly UniformField[]);

/** The struct of a launch that depends on a live number. */
export function uniformsAt(
  number: LiveNumber,
  fields: (now: number) => readonly UniformField[],
): Uniforms {
  return typeof number === 'function' ? () => fields(number()) : fields(number);
}

/** The fields of a struct as they are now. */
export function fieldsNow(uniforms: Uniforms = []): readonly UniformField[] {
  return typeof uniforms === 'function' ? uniforms() : uniforms;
}

/** Bytes of a struct with so many fields: whole units of 16, none without fields. */
const bytesOfFields = (count: number): number => Math.ceil(count / 4) * 16;

/** Writes a struct to `target`, from byte `at` on, and returns how many bytes it has. */
export function writeFields(fields: readonly UniformField[], target: DataView, at: number): number {
  const bytes = bytesOfFields(fields.length);
  for (let i = 0; i < bytes / 4; i++) {
    const { kind, value } = fields[i] ?? PADDING;
    if (kind === 'u32') target.setUint32(at + i * 4, value, true);
    else target.setFloat32(at + i * 4, value, true);
  }
  return bytes;
}

/** The struct's bytes as they are now, filled up to whole units of 16; none without fields. */
export function uniformBytes(uniforms?: Uniforms): Uint8Array<ArrayBuffer> {
  const fields = fieldsNow(uniforms);
  const bytes = new Uint8Array(bytesOfFields(fields.length));
  writeFields(fields, new DataView(bytes.buffer), 0);
  return bytes;
}

/**
 * How a shader's bindings stand to those of a launch, which are in the same order without the
 * uniform struct.
 */
export interface BindingLayout {
  /** Which of a launch's bindings the shader may write. */
  readonly written: ReadonlySet<number>;
  /** The binding of the uniform struct, if it has one. */
  readonly uniforms: number | undefined;
}

const BINDING = /@binding\((\d+)\)\s*var<(uniform|storage,\s*read_write|storage,\s*read)>/g;

const layouts = new WeakMap<Shader, BindingLayout>();

/** The layout of a linked shader's bindings. */
export function bindingLayout(shader: Shader): BindingLayout {
  const known = layouts.get(shader);
  if (known) return known;
  const found = [...shader.code.matchAll(BINDING)].map(([, binding, kind]) => ({
    binding: Number(binding),
    kind: kind as string,
  }));
  const uniforms = found.find(({ kind }) => kind === 'uniform')?.binding;
  const placeOf = (binding: number) =>
    uniforms !== undefined && binding > uniforms ? binding - 1 : binding;
  const written = new Set(
    found.flatMap(({ binding, kind }) => (kind.endsWith('read_write') ? [placeOf(binding)] : [])),
  );
  const layout = { written, uniforms };
  layouts.set(shader, layout);
  return layout;
}

/** Numbers of workgroups in x, y and z. */
export type Workgroups = readonly [number, number, number];

/** Whether a launch runs any invocation. */
export const hasWork = seam(
  'gpu.has_work',
  (workgroups: Workgroups): boolean => !workgroups.includes(0),
);

/**
 * Spreads `count` workgroups over x and y, since one dimension ends at 65,535. The kernel's linear
 * index is `workgroup_id.y * num_workgroups.x + workgroup_id.x`, and it must ignore an index of
 * `count` or more.
 */
export function spread(count: number): Workgroups {
  const y = Math.max(1, Math.ceil(count / 65535));
  return [Math.ceil(count / y), y, 1];
}

/** Invocations of a workgroup, of every kernel that asks for its linear index. */
export const LINEAR_LANES = 64;

/** Invocations of a workgroup, of kernels that have four elements each: MANY of shaders/lib/grid. */
export const MANY_LANES = 256;

/** Workgroups for `count` invocations of a kernel that asks for its linear index. */
export function linearGrid(count: number): Workgroups {
  return spread(Math.ceil(count / LINEAR_LANES));
}

/** Workgroups of MANY invocations for `count` elements, four of them for each invocation. */
export function gridOfFours(count: number): Workgroups {
  return spread(Math.ceil(count / (4 * MANY_LANES)));
}
