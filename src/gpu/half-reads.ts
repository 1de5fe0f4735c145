import storage from '../../shaders/lib/storage.wesl?raw';
import { invariant } from '../errors.ts';
import { seam } from '../seam.ts';
import { FLOATS } from './float-storage.ts';
import { withoutComments } from './linked-modules.ts';
import type { Binding } from './memory.ts';
import { bindingLayout, type Shader } from './shader.ts';

/** Of a launch, what tells how its kernel reads. */
interface Reading {
  readonly shader: Shader;
  readonly bindings: readonly Binding[];
}

/**
 * The launch with a kernel that reads bindings in halves where they lie, and widens what it reads.
 * Exact, as a cast before it would be. Bindings that the kernel takes as words are its own matter.
 */
export const readingHalves = seam('gpu.reading_halves', <T extends Reading>(launch: T): T => {
  const { shader, bindings } = launch;
  if (!bindings.some(({ half }) => half)) return launch;
  return { ...launch, shader: shaderReading(shader, bindings) };
});

const shaders = new WeakMap<Shader, Map<string, Shader>>();

function shaderReading(shader: Shader, bindings: readonly Binding[]): Shader {
  const reads = bindings.map(({ half }) => half);
  const words = reads.join();
  const known = shaders.get(shader) ?? new Map<string, Shader>();
  shaders.set(shader, known);
  const reading = known.get(words) ?? { ...shader, reads };
  known.set(words, reading);
  return reading;
}

/**
 * What a kernel may read of halves, floats or the bits of these: what lies there, and the element at
 * `i` of `x`.
 */
const ELEMENTS = {
  f32: { words: 'u32', read: (x, half) => `half_at(${x}[i >> 1u], i, ${half})` },
  vec2f: { words: 'u32', read: (x, half) => `unpack_two(${x}[i], ${half})` },
  vec4f: { words: 'vec2u', read: (x, half) => `unpack_four(${x}[i], ${half})` },
  u32: { words: 'u32', read: (x, half) => `f32_bits_of(${x}[i >> 1u], i, ${half})` },
  vec4u: { words: 'vec2u', read: (x, half) => `bitcast<vec4u>(unpack_four(${x}[i], ${half}))` },
} as const satisfies Readonly<
  Record<string, { words: string; read: (x: string, half: string) => string }>
>;

/** The text of a shader with every element of `reads` read from halves. */
export function textReading(shader: Shader, code: string): string {
  const { reads = [] } = shader;
  const { uniforms = Number.POSITIVE_INFINITY } = bindingLayout(shader);
  let text = code;
  const readers: string[] = [];
  for (const [place, half] of reads.entries()) {
    if (!half) continue;
    const binding = place < uniforms ? place : place + 1;
    const declared = new RegExp(
      `(@binding\\(${binding}\\)\\s*var<storage,\\s*read>\\s*(\\w+)\\s*:\\s*array<)(${Object.keys(ELEMENTS).join('|')})>`,
    ).exec(text);
    if (!declared) continue;
    const [whole, head = '', name = '', type] = declared as unknown as [
      string,
      string,
      string,
      keyof typeof ELEMENTS,
    ];
    const { words, read } = ELEMENTS[type];
    const [before = '', after = ''] = text.split(whole);
    text = `${withReads(before, name)}${head}${words}>${withReads(after, name)}`;
    readers.push(
      `fn ${readerOf(name)}(i: u32) -> ${type} {\n  return ${read(name, `${FLOATS.indexOf(half)}u`)};\n}`,
    );
  }
  return readers.length === 0 ? text : [text, ...missingIn(text), ...readers, ''].join('\n');
}

const readerOf = (name: string) => `${name}_of_half`;

/** Each `name[i]` of a text as a call of its reader. */
function withReads(text: string, name: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { index } of text.matchAll(new RegExp(`(?<![\\w.])${name}\\s*\\[`, 'g'))) {
    if (index < from) continue;
    const open = text.indexOf('[', index);
    const close = closingOf(text, open);
    parts.push(
      text.slice(from, index),
      `${readerOf(name)}(u32(${withReads(text.slice(open + 1, close), name)}))`,
    );
    from = close + 1;
  }
  return [...parts, text.slice(from)].join('');
}

function closingOf(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '[') depth++;
    if (text[i] === ']' && --depth === 0) return i;
  }
  invariant(false, () => 'a bracket of a kernel is not closed');
  return text.length;
}

/** The functions of lib/storage that a text has not been linked with. */
function missingIn(text: string): readonly string[] {
  return withoutComments(storage)
    .split(/^(?=fn )/m)
    .filter((one) => {
      const [, name] = /^fn (\w+)/.exec(one) ?? [];
      return name !== undefined && !text.includes(`fn ${name}(`);
    });
}
