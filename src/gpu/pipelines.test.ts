import { describe, expect, test } from 'vitest';
import { HostDevice } from './fixtures/host-device.ts';
import { Pipelines } from './pipelines.ts';

const SHADER = { file: 'math/add', code: 'override N = 1; y = a + b;' };
const OTHER = { file: 'math/sub', code: 'y = a - b;' };
const NF4 = { file: 'quant/product', link: 'nf4', code: 'y = nf4(a) + b;' };
const FP4 = { file: 'quant/product', link: 'fp4', code: 'y = fp4(a) + b;' };
const PLUS = { from: '+', to: '-' };

function setUp() {
  const host = new HostDevice();
  const pipelines = new Pipelines(host as unknown as GPUDevice);
  /** The text that a pipeline is made from now. */
  const codeOf = (shader: { file: string; code: string; format?: string }) =>
    (pipelines.get(shader) as unknown as { readonly code: string }).code;
  return { host, pipelines, codeOf };
}

describe('a pipeline', () => {
  test('is compiled once for each shader and its constants', () => {
    const { host, pipelines } = setUp();
    const first = pipelines.get(SHADER);
    expect(pipelines.get(SHADER, {})).toBe(first);
    const two = pipelines.get(SHADER, { N: 2, M: 3 });
    expect(pipelines.get(SHADER, { M: 3, N: 2 })).toBe(two);
    expect(two).not.toBe(first);
    expect(pipelines.get(OTHER)).not.toBe(first);
    expect(host.pipelines).toEqual(['math/add', 'math/add', 'math/sub']);
    expect(host.modules).toEqual(['math/add', 'math/sub']);
    expect((two as unknown as { readonly constants: unknown }).constants).toEqual({ N: 2, M: 3 });
  });

  test('is one for all objects of a shader, as captures make them anew', () => {
    const { host, pipelines } = setUp();
    const first = pipelines.get(SHADER, { N: 2 });
    expect(pipelines.get({ ...SHADER }, { N: 2 })).toBe(first);
    expect(host.pipelines).toEqual(['math/add']);
  });

  test.each([
    [{ N: 1, M: 2 }, { N: 12 }],
    [{ N: 1 }, { M: 1 }],
    [{ N: 1 }, { N: 1, M: 0 }],
    [{ N: 1 }, { N: 1.5 }],
  ])('with the constants %o is another than with %o', (some, others) => {
    const { pipelines } = setUp();
    expect(pipelines.get(SHADER, some)).not.toBe(pipelines.get(SHADER, others));
  });

  test('is another for each format of one file', () => {
    const { codeOf } = setUp();
    expect([NF4, FP4, NF4].map(codeOf)).toEqual([NF4.code, FP4.code, NF4.code]);
  });

  test('is known by the constants that it was made with, each set once', () => {
    const { pipelines } = setUp();
    for (const constants of [{}, { N: 2 }, { N: 3 }, { N: 2 }]) pipelines.get(SHADER, constants);
    pipelines.get(OTHER, { M: 1 });
    pipelines.get(NF4, { N: 4 });
    pipelines.get(FP4, { N: 4 });
    expect(pipelines.constantsOf('math/add')).toEqual([{}, { N: 2 }, { N: 3 }]);
    expect(pipelines.constantsOf('quant/product')).toEqual([{ N: 4 }]);
    expect(pipelines.constantsOf('math/mul')).toEqual([]);
  });
});

test.each([
  ['var<workgroup> tile: array<f32, 64>;', true],
  ['var< workgroup >tile: f32;', true],
  ['var<storage, read_write> count: atomic <u32>;', true],
  ['var<storage, read_write> y: array<f32>; // atomically', false],
])('a kernel may race when its invocations share memory: %s', (code, may) => {
  const { pipelines } = setUp();
  pipelines.get(OTHER);
  pipelines.get({ file: 'a/shared', code });
  expect([pipelines.mayRace('a/shared'), pipelines.mayRace('math/sub')]).toEqual([may, false]);
});

describe('an edit', () => {
  test('of a fragment changes the text until it ends', () => {
    const { host, pipelines, codeOf } = setUp();
    const sound = pipelines.get(SHADER);
    const edit = pipelines.edit('math/add', PLUS);
    expect(codeOf(SHADER)).toBe('override N = 1; y = a - b;');
    expect(codeOf(OTHER)).toBe(OTHER.code);
    edit[Symbol.dispose]();
    expect(pipelines.get(SHADER)).toBe(sound);
    // What was made of an edited text is made anew each time.
    pipelines.edit('math/add', PLUS);
    const before = host.pipelines.length;
    codeOf(SHADER);
    expect(host.pipelines).toHaveLength(before + 1);
    expect(host.modules).toEqual(['math/add', 'math/add', 'math/sub', 'math/add']);
  });

  test('of a fragment is of all texts of a shader that have it, and of a whole text of one', () => {
    const { pipelines, codeOf } = setUp();
    const fragment = pipelines.edit('quant/product', PLUS);
    expect([NF4, FP4].map(codeOf)).toEqual(['y = nf4(a) - b;', 'y = fp4(a) - b;']);
    fragment[Symbol.dispose]();
    const ofOne = pipelines.edit('quant/product', { from: 'nf4', to: 'int4' });
    expect([NF4, FP4].map(codeOf)).toEqual(['y = int4(a) + b;', FP4.code]);
    ofOne[Symbol.dispose]();
    const whole = pipelines.edit('quant/product', { code: 'y = 0;', link: 'fp4' });
    expect([NF4, FP4].map(codeOf)).toEqual([NF4.code, 'y = 0;']);
    whole[Symbol.dispose]();
    expect([NF4, FP4].map(codeOf)).toEqual([NF4.code, FP4.code]);
  });

  test('of a fragment applies to the original while the whole is changed, which comes back', () => {
    const { pipelines, codeOf } = setUp();
    const whole = pipelines.edit('math/add', { code: 'y = 0;' });
    const fragment = pipelines.edit('math/add', PLUS);
    expect(codeOf(SHADER)).toBe('override N = 1; y = a - b;');
    fragment[Symbol.dispose]();
    expect(codeOf(SHADER)).toBe('y = 0;');
    whole[Symbol.dispose]();
    expect(codeOf(SHADER)).toBe(SHADER.code);
  });

  test.each([[{}], [{ N: 2 }]])(
    'holds for what was compiled before, with the constants %o',
    (constants) => {
      const { pipelines } = setUp();
      const codeNow = () =>
        (pipelines.get(SHADER, constants) as unknown as { readonly code: string }).code;
      const seen = [codeNow()];
      for (const to of ['*', '/']) {
        const edit = pipelines.edit('math/add', { from: '+', to });
        seen.push(codeNow(), codeNow());
        edit[Symbol.dispose]();
        seen.push(codeNow());
      }
      expect(seen.map((code) => code.at(-4))).toEqual(['+', '*', '*', '+', '/', '/', '+']);
    },
  );

  test('of a fragment that is edited already is refused', () => {
    const { pipelines } = setUp();
    pipelines.edit('math/add', PLUS);
    for (const second of [PLUS, { code: 'y = 0;' }])
      expect(() => pipelines.edit('math/add', second)).toThrow(
        'fault: math/add is edited already, and one edit would replace the other',
      );
  });

  test.each([
    ['%', 0],
    ['a', 3],
  ])('of %s is refused, which occurs %i times', (from, times) => {
    const { pipelines } = setUp();
    pipelines.edit('math/many', { from, to: 'c' });
    expect(() => pipelines.get({ file: 'math/many', code: 'a + a + a' })).toThrow(
      `fault: "${from}" occurs ${times} times in math/many, not once`,
    );
  });

  test('is taken over by the pipelines of another device', () => {
    const { pipelines } = setUp();
    pipelines.edit('math/add', PLUS);
    const other = setUp();
    expect(other.codeOf(SHADER)).toBe(SHADER.code);
    other.pipelines.takeEdits(pipelines);
    expect(other.codeOf(SHADER)).toBe('override N = 1; y = a - b;');
  });

  test('that brings shared memory may race', () => {
    const { pipelines, codeOf } = setUp();
    pipelines.edit('math/add', { code: 'var<workgroup> t: f32;' });
    codeOf(SHADER);
    expect(pipelines.mayRace('math/add')).toBe(true);
  });
});
