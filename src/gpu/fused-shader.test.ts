import { expect, test } from 'vitest';
import accumulate from '../../shaders/nn/accumulate_grad.wgsl';
import silu from '../../shaders/nn/silu.wgsl';
import dequantizeShaders from '../../shaders/quant/dequantize.wgsl?links';
import { fusedModule, fusedShader, linkedWith } from './fused-shader.ts';
import type { Shader } from './shader.ts';

/** y0 = silu(x0); y1 = y0 + x1. */
const kernel = {
  inputs: 2,
  calls: [
    { shader: silu, operands: [{ input: 0 }], parameters: 0 },
    { shader: accumulate, operands: [{ call: 0 }, { input: 1 }], parameters: 0 },
  ],
  stored: [1],
} as const;

test('a fused kernel is a module that imports its functions and keeps in registers what no other kernel reads', () => {
  expect(fusedModule(kernel)).toMatchInlineSnapshot(`
    "import package::lib::grid::{ MANY, linear_index };
    import package::nn::accumulate_grad::accumulate_grad;
    import package::nn::silu::silu;
    struct Dims { count: u32 }
    @group(0) @binding(0) var<storage, read> in0: array<vec4f>;
    @group(0) @binding(1) var<storage, read> in1: array<vec4f>;
    @group(0) @binding(2) var<storage, read_write> out0: array<vec4f>;
    @group(0) @binding(3) var<uniform> dims: Dims;
    @compute @workgroup_size(MANY)
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
      let i = linear_index(group, groups, lane, MANY);
      let t0 = silu(in0[i]);
      let t1 = accumulate_grad(t0, in1[i]);
      let whole = dims.count / 4u;
      if (i < whole) {
        out0[i] = t1;
      } else if (i == whole) {
        for (var c = 0u; c < dims.count % 4u; c++) {
          out0[i][c] = t1[c];
        }
      }
    }
    "
  `);
});

test('halves are read and stored as words of two, the last of them perhaps alone', () => {
  const cast = { shader: accumulate, parameters: 0 };
  const module = fusedModule({
    inputs: 2,
    calls: [
      { ...cast, operands: [{ input: 0 }], cast: { from: 'bf16', to: 'f32' } },
      { shader: accumulate, operands: [{ call: 0 }, { input: 1 }], parameters: 0 },
      { ...cast, operands: [{ call: 1 }], cast: { from: 'f32', to: 'f16' } },
      { ...cast, operands: [{ call: 2 }], cast: { from: 'f16', to: 'bf16' } },
    ],
    stored: [1, 2, 3],
  });
  const lines = module.split('\n').map((line) => line.trim());
  for (const line of [
    'import package::lib::storage::pack_four;',
    'import package::lib::storage::unpack_four;',
    '@group(0) @binding(0) var<storage, read> in0: array<vec2u>;',
    '@group(0) @binding(1) var<storage, read> in1: array<vec4f>;',
    '@group(0) @binding(2) var<storage, read_write> out0: array<vec4f>;',
    '@group(0) @binding(3) var<storage, read_write> out1: array<vec2u>;',
    '@group(0) @binding(4) var<storage, read_write> out2: array<vec2u>;',
    'let t0 = unpack_four(in0[i], 2u);',
    'let t1 = accumulate_grad(t0, in1[i]);',
    'let t2 = pack_four(t1, 1u);',
    'let t3 = pack_four(unpack_four(t2, 1u), 2u);',
    'for (var c = 0u; c < (dims.count % 4u + 1u) / 2u; c++) {',
  ])
    expect(lines).toContain(line);
});

test('numbers of the functions are fields of the uniform struct', () => {
  const scaled = { ...kernel, calls: [{ ...kernel.calls[0], parameters: 2 }], stored: [0] };
  expect(fusedModule(scaled)).toContain('struct Dims { count: u32, p0_0: f32, p0_1: f32 }');
  expect(fusedModule(scaled)).toContain('let t0 = silu(in0[i], dims.p0_0, dims.p0_1);');
});

test('the linker brings the functions with what they need, and not the bindings of their kernels', async () => {
  const { file, code } = await fusedShader(kernel);
  // FNV-1a of the module's text, in which the kernel is the root `fused`.
  expect(file).toBe('fused/silu+accumulate_grad-cff660d7');
  expect(code).toContain('fn silu(');
  expect(code).toContain('const FAR');
  expect(code.match(/@binding/g)).toHaveLength(4);
  expect(await fusedShader(kernel)).toBe(await fusedShader({ ...kernel }));
});

test('the kernels of one text for two formats are two, each with the module of its format', async () => {
  const { nf4, fp4 } = dequantizeShaders;
  const linked = await Promise.all(
    [nf4, fp4, nf4].map((root) => linkedWith('copy', 'lib/of_no_use.wesl', '', root as Shader)),
  );
  const [a, b, again] = linked as [Shader, Shader, Shader];
  expect(again).toBe(a);
  expect(b.file).not.toBe(a.file);
  expect([a.code, b.code]).toEqual([nf4?.code, fp4?.code]);
  expect(a.file).toMatch(/^fused\/copy-[0-9a-f]{1,8}$/);
});
