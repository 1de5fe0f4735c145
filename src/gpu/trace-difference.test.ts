import { expect, test } from 'vitest';
import type { Allocation } from './memory.ts';
import type { Launch } from './recorder.ts';
import { f32, u32 } from './shader.ts';
import { Trace } from './trace.ts';
import { differenceOf } from './trace-difference.ts';

const outsideOf = (): Allocation => ({
  buffer: {} as GPUBuffer,
  offset: 0,
  bytes: 64,
  version: 0,
  guardBytes: 0,
});
const x = outsideOf();
const other = outsideOf();

const SHADER = {
  file: 'math/silu',
  code: '@binding(0) var<storage, read> x: X; @binding(1) var<storage, read_write> y: Y;',
};

interface Step {
  readonly launch?: Partial<Launch>;
  readonly from?: Allocation;
  /** Which of the step's own two allocations the dispatch writes, from which byte on. */
  readonly into?: 0 | 1;
  readonly offset?: number;
  readonly content?: readonly number[];
  readonly copied?: 'own' | 'outside';
  readonly more?: boolean;
  readonly second?: 'copy' | 'dispatch';
}

function traceOf({
  launch,
  from = x,
  into = 0,
  offset = 0,
  content = [1, 2],
  copied = 'own',
  more = false,
  second = 'copy',
}: Step = {}): Trace {
  const trace = new Trace();
  const own = [trace.allocate(16), trace.allocate(16)] as const;
  trace.write(own[0], Uint8Array.of(7));
  trace.write(own[1], Uint8Array.from(content));
  const dispatch = (one: Partial<Launch> = {}) =>
    trace.dispatch({
      shader: SHADER,
      bindings: [
        { memory: from, offset: 0, size: 16 },
        { memory: own[into], offset, size: 16 },
      ],
      workgroups: [1, 1, 1],
      ...one,
    });
  dispatch(launch);
  const source = copied === 'own' ? own[0] : x;
  if (second === 'copy') trace.copy({ memory: source, offset: 0 }, { memory: other, offset: 0 }, 4);
  else dispatch();
  if (more) dispatch();
  return trace;
}

const live = () => [u32(1)];

test.each<[string, Step, Step]>([
  ['in nothing', {}, {}],
  [
    'in nothing, with numbers',
    { launch: { uniforms: [f32(Number.NaN)] } },
    { launch: { uniforms: [f32(Number.NaN)] } },
  ],
  ['in live numbers', { launch: { uniforms: live } }, { launch: { uniforms: () => [u32(2)] } }],
])('two traces that differ %s are the same', (_, a, b) => {
  expect(differenceOf(traceOf(a), traceOf(b))).toBeUndefined();
});

test.each<[string, Step, Step, string]>([
  ['commands', {}, { more: true }, 'it records 2 commands and then 3'],
  ['commands, fewer', { more: true }, {}, 'it records 3 commands and then 2'],
  [
    'a kernel',
    {},
    { launch: { shader: { ...SHADER, file: 'math/exp' } } },
    'command 1, math/silu: then math/exp comes in its place',
  ],
  [
    'a copy for a kernel',
    {},
    { second: 'dispatch' },
    'command 2, a copy: then math/silu comes in its place',
  ],
  [
    'memory from outside',
    {},
    { from: other },
    'command 1, math/silu: it uses other memory the second time',
  ],
  [
    'memory of its own',
    {},
    { into: 1 },
    'command 1, math/silu: it uses other memory the second time',
  ],
  [
    'a place in its memory',
    {},
    { offset: 256 },
    'command 1, math/silu: it uses other memory the second time',
  ],
  [
    'the number of its tensors',
    {},
    { launch: { bindings: [{ memory: x, offset: 0, size: 16 }] } },
    'command 1, math/silu: it uses other memory the second time',
  ],
  [
    'memory from outside for its own, in a copy',
    {},
    { copied: 'outside' },
    'command 2, a copy: it uses other memory the second time',
  ],
  [
    'its own for memory from outside, in a copy',
    { copied: 'outside' },
    {},
    'command 2, a copy: it uses other memory the second time',
  ],
  [
    'workgroups',
    {},
    { launch: { workgroups: [2, 1, 1] } },
    'command 1, math/silu: its constants or workgroups are [null,[1,1,1]] and then [null,[2,1,1]]',
  ],
  [
    'constants',
    { launch: { constants: { N: 1 } } },
    { launch: { constants: { N: 2 } } },
    'command 1, math/silu: its constants or workgroups are [{"N":1},[1,1,1]] and then [{"N":2},[1,1,1]]',
  ],
  [
    'the first number',
    { launch: { uniforms: [u32(5), u32(6)] } },
    { launch: { uniforms: [u32(4), u32(6)] } },
    'command 1, math/silu: number 1 of its uniforms is 5 and then 4',
  ],
  [
    'the second number',
    { launch: { uniforms: [u32(5), u32(6)] } },
    { launch: { uniforms: [u32(5), u32(7)] } },
    'command 1, math/silu: number 2 of its uniforms is 6 and then 7',
  ],
  [
    'a number that is not there then',
    { launch: { uniforms: [u32(5)] } },
    {},
    'command 1, math/silu: number 1 of its uniforms is 5 and then undefined',
  ],
  [
    'a number that is live then',
    { launch: { uniforms: [u32(1)] } },
    { launch: { uniforms: live } },
    'command 1, math/silu: number 1 of its uniforms is 1 and then undefined',
  ],
  [
    'what the host writes',
    {},
    { content: [1, 3] },
    'what the host writes to its allocation 2 changes from one run to the next',
  ],
  [
    'how much the host writes',
    {},
    { content: [1, 2, 3] },
    'what the host writes to its allocation 2 changes from one run to the next',
  ],
])('two traces that differ in %s', (_, a, b, difference) => {
  expect(differenceOf(traceOf(a), traceOf(b))).toBe(difference);
});

test('the first allocation is counted as one', () => {
  const traceWith = (byte: number) => {
    const trace = new Trace();
    trace.write(trace.allocate(4), Uint8Array.of(byte));
    return trace;
  };
  expect(differenceOf(traceWith(1), traceWith(2))).toContain('its allocation 1 changes');
  expect(differenceOf(traceWith(1), traceWith(1))).toBeUndefined();
});
