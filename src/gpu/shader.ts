/** WGSL text as linked by the build; `file` is its path in shaders/ without extension, for example `matmul/matmul`. */
export interface Shader {
  readonly file: string;
  readonly code: string;
}

/** One field of a kernel's uniform struct. */
export type UniformField = { readonly kind: 'u32' | 'f32'; readonly value: number };

/** An unsigned integer field of a uniform struct. */
export const u32 = (value: number): UniformField => ({ kind: 'u32', value });

/** A float field of a uniform struct; the value is rounded to float32. */
export const f32 = (value: number): UniformField => ({ kind: 'f32', value });

/** Numbers of workgroups in x, y and z. */
export type Workgroups = readonly [number, number, number];

/**
 * Spreads `count` workgroups over x and y, since one dimension ends at 65,535. The kernel's linear index is
 * `workgroup_id.y * num_workgroups.x + workgroup_id.x`, and it must ignore an index of `count` or more.
 */
export function spread(count: number): Workgroups {
  if (count <= 65535) return [count, 1, 1];
  const y = Math.ceil(count / 65535);
  return [Math.ceil(count / y), y, 1];
}
