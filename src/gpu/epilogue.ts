import { type FusedCall, linkedWith, nameOf } from './fused-shader.ts';
import type { Shader } from './shader.ts';

/** What a product applies to its sums: calls in order, on y (call 0) and on tensors of its size. */
export interface Epilogue {
  /** The product whose sums are call 0: a kernel that stores them through matmul/result. */
  readonly product: Shader;
  /** The first binding that the product leaves free. */
  readonly first: number;
  /** Tensors that the calls read beside the product's. */
  readonly inputs: number;
  /** Elementwise functions; their operands count calls from 1, the product's sums being 0. */
  readonly calls: readonly FusedCall[];
  /** What takes y's place: 0 the sums themselves, n the result of the n-th call. */
  readonly y: number;
  /** Further results that are stored, in the order of their bindings. */
  readonly stored: readonly number[];
}

/**
 * The product with the epilogue linked into it. Linker and sources are loaded with the first one.
 */
export function epilogueShader(epilogue: Epilogue): Promise<Shader> {
  const { product, calls } = epilogue;
  const label = [product, ...calls.map(({ shader }) => shader)].map(nameOf).join('+');
  return linkedWith(label, 'matmul/epilogue.wesl', epilogueModule(epilogue), product);
}

/** The WESL module that takes the place of matmul/epilogue. */
export function epilogueModule({ first, inputs, calls, y, stored }: Epilogue): string {
  const imports = new Set(
    calls.map(
      ({ shader }) => `import package::${shader.file.replaceAll('/', '::')}::${nameOf(shader)};`,
    ),
  );
  const tensors = [
    ...Array.from({ length: inputs }, (_, i) => `var<storage, read> in${i}: array<f32>;`),
    ...stored.map((_, i) => `var<storage, read_write> out${i}: array<f32>;`),
  ];
  const lets = calls.map(({ shader, operands }, i) => {
    const values = operands.map((operand) =>
      'input' in operand ? four(`in${operand.input}`) : `t${operand.call}`,
    );
    return `  let t${i + 1} = ${nameOf(shader)}(${values.join(', ')});`;
  });
  return [
    ...[...imports].sort(),
    ...tensors.map((tensor, i) => `@group(0) @binding(${first + i}) ${tensor}`),
    'fn epilogue(t0: vec4f, at: vec4u, inside: vec4<bool>) -> vec4f {',
    ...lets,
    ...stored.flatMap((call, i) =>
      [...'xyzw'].map((c) => `  if (inside.${c}) { out${i}[at.${c}] = t${call}.${c}; }`),
    ),
    `  return t${y};`,
    '}',
    '',
  ].join('\n');
}

function four(tensor: string): string {
  return `vec4f(${[...'xyzw'].map((c) => `${tensor}[at.${c}]`).join(', ')})`;
}
