import { expect, test } from 'vitest';
import add from '../../shaders/math/add.wgsl';
import register from '../../shaders/matmul/register.wgsl?links';
import silu from '../../shaders/nn/silu.wgsl';
import { epilogueModule, epilogueShader } from './epilogue.ts';
import { bindingLayout, linkedShader } from './shader.ts';

/** y = silu(P) + in0 of the product P, which is stored too. */
const epilogue = {
  product: linkedShader(register, 'strided'),
  first: 5,
  inputs: 1,
  calls: [
    { shader: silu, operands: [{ call: 0 }], parameters: 0 },
    { shader: add, operands: [{ call: 1 }, { input: 0 }], parameters: 0 },
  ],
  y: 2,
  stored: [0],
} as const;

test('an epilogue applies the functions to four sums, and stores what others use', () => {
  expect(epilogueModule(epilogue)).toMatchInlineSnapshot(`
    "import package::math::add::add;
    import package::nn::silu::silu;
    @group(0) @binding(5) var<storage, read> in0: array<f32>;
    @group(0) @binding(6) var<storage, read_write> out0: array<f32>;
    fn epilogue(t0: vec4f, at: vec4u, inside: vec4<bool>) -> vec4f {
      let t1 = silu(t0);
      let t2 = add(t1, vec4f(in0[at.x], in0[at.y], in0[at.z], in0[at.w]));
      if (inside.x) { out0[at.x] = t0.x; }
      if (inside.y) { out0[at.y] = t0.y; }
      if (inside.z) { out0[at.z] = t0.z; }
      if (inside.w) { out0[at.w] = t0.w; }
      return t2;
    }
    "
  `);
});

test('the product is linked with its epilogue, whose tensors follow the uniform struct', async () => {
  const shader = await epilogueShader(epilogue);
  expect(shader.file).toMatch(/^fused\/register\+silu\+add-[0-9a-f]{1,8}$/);
  expect(shader.code).toContain('fn silu(');
  expect(bindingLayout(shader)).toEqual({ uniforms: 4, written: new Set([3, 5]) });
  expect(await epilogueShader({ ...epilogue })).toBe(shader);
});
