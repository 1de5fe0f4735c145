import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { applyMutant } from '../../harness/mutation/mutants.ts';
import { ANYTHING } from './fixtures/anything.ts';
import { countsOf, mutatedFiles } from './folders.ts';
import { hostMutantId } from './host-mutant.ts';
import { hostMutantsOf } from './host-mutants.ts';
import { instrument } from './instrument.ts';

/** What the mutants of an operator make of the inside of a function. */
function madeOf(operator: string, body: string): readonly string[] {
  const source = `function f(a, b, c) {\n${body}\n}`;
  return hostMutantsOf('f.ts', source, ANYTHING)
    .filter((mutant) => mutant.operator === operator)
    .map((mutant) => applyMutant(source, mutant).split('\n').slice(1, -1).join(' ').trim());
}

test.each<[statements: string, isReordered: boolean]>([
  ['this.a = zeros(gpu, 2);\nthis.b = zeros(gpu, 3);', false],
  ['this.a = owned.add(zeros(gpu, 2));\nthis.b = owned.add(new Pair(gpu));', false],
  ['this.a = zeros(gpu, 2);\nthis.b = pair(gpu, this.a);', true],
  ['this.a = normal(gpu, random);\nthis.b = normal(gpu, random);', true],
  ['this.a = new Memory(device);\nthis.b = new Recorder(device);', false],
  ['zero(gpu, a);\nzero(gpu, b);', true],
])('of what a constructor makes, what needs no order keeps it: %j', (statements, isReordered) => {
  const reorderedIn = (method: string) =>
    hostMutantsOf(
      'f.ts',
      `class F {\n${method}(gpu, random) {\n${statements}\n}\n}`,
      ANYTHING,
    ).some(({ operator }) => operator === 'swap-stages');
  expect([reorderedIn('constructor'), reorderedIn('change')]).toEqual([isReordered, true]);
});

test.each<[properties: readonly string[] | undefined, body: string, count: number]>([
  [['b'], 'return { ...a, b };', 1],
  [['c', 'd'], 'return { ...a, b };', 0],
  [['c', 'd'], 'return { ...a, ...b };', 1],
  [['c', 'd'], 'return { ...a, [b]: c };', 1],
  [undefined, 'return { ...a, b };', 1],
])(
  'an object keeps the order of a spread with %j in %s where both give nothing twice',
  (properties, body, count) => {
    const types = { ...ANYTHING, propertiesOf: () => properties };
    const found = hostMutantsOf('f.ts', `function f(a, b) { ${body} }`, types);
    expect(found.filter(({ operator }) => operator === 'swap-stages')).toHaveLength(count);
  },
);

describe('the mistakes', () => {
  test.each<[operator: string, body: string, made: readonly string[]]>([
    ['arithmetic', 'a - b;', ['a + b;']],
    ['arithmetic', 'a += b;', ['a -= b;']],
    ['arithmetic', 'return a ** b ** c;', ['return ((a) * (b ** c));', 'return a ** ((b) * (c));']],
    ['arithmetic', 'return Math.floor(a);', ['return Math.ceil(a);']],
    ['arithmetic', 'return -a;', ['return (a);']],
    ['arithmetic', "return 'a' + b + `c`;", []],
    ['comparison', 'return a < b;', ['return a <= b;']],
    ['comparison', 'return a === b;', ['return a !== b;']],
    ['logic', 'return a && b;', ['return ((a) || (b));']],
    ['logic', 'return !a;', ['return (a);']],
    ['logic', 'if (a) b();', ['if (!(a)) b();']],
    ['constant', 'return 2;', ['return 3;', 'return 1;']],
    ['constant', 'return 0;', ['return 1;']],
    ['constant', 'return 1e-5;', ['return 1e-4;', 'return 1e-6;']],
    ['constant', 'return 0.9;', ['return 0.9009;']],
    ['constant', 'return 7n;', ['return 8n;', 'return 6n;']],
    ['constant', 'return true;', ['return false;']],
    ['constant', "return 'mean';", []],
    ['default', 'const { x = 1e-5 } = a;', ['undefined', '1e-4', '1e-6'].map(takenApart)],
    ['default', 'return a.eps ?? 2;', ['return a.eps ?? 3;', 'return a.eps ?? 1;']],
    ['default', 'const { x = false } = a;', ['true'].map(takenApart)],
    ['drop-fallback', 'return a ?? b;', ['return (a);', 'return (b);']],
    ['drop-fallback', 'return a ?? false;', ['return (false);']],
    ['drop-spread', 'return { ...a };', ['return { ...{} };']],
    ['drop-spread', 'return [...a];', ['return [...[]];']],
    ['drop-argument', 'a(b, c);', ['a(b);']],
    ['swap-arguments', 'a(b.rows, c);', ['a(c, b.rows);']],
    ['swap-arguments', 'Math.max(a, b) + gpu.mul(a, b);', []],
    ['swap-arguments', 'gpu.mulAdd(a, b, c);', ['gpu.mulAdd(a, c, b);']],
    [
      'swap-arguments',
      'sameShape(a, b) && sameShapes(b, a);',
      ['sameShape(a, b) && sameShapes(a, b);'],
    ],
    ['swap-stages', 'a.push(1);\na.push(2);', ['a.push(2); a.push(1);']],
    ['swap-stages', 'a.push(1);\nb.push(2);', []],
    ['swap-stages', 'a += b;\na += c;', []],
    ['swap-stages', 'a = Math.max(a, c);\nb = Math.max(b, Math.abs(c));', []],
    ['swap-stages', 'a = max(a, c);\nb = max(b, c);', ['b = max(b, c); a = max(a, c);']],
    ['swap-stages', 'check(a);\nthis.a = a;', []],
    ['swap-stages', 'this.a = a;\nthis.b = f(this.a);', ['this.b = f(this.a); this.a = a;']],
    ['swap-stages', 'this.a = a.b;\nclear(a);', ['clear(a); this.a = a.b;']],
    ['swap-stages', 'return [b, c];', ['return [c, b];']],
    ['swap-stages', 'return [b, ...c];', ['return [...c, b];']],
    ['swap-stages', 'return { ...a, ...b };', ['return { ...b, ...a };']],
    ['swap-stages', 'return { ...a, b, c };', ['return { b, ...a, c };']],
    ['swap-stages', 'return { ...(a ? { b } : {}), c };', []],
    ['swap-stages', 'return [...a, ...b].every(c);', []],
    ['swap-stages', 'return [...a, ...b].map(c);', ['return [...b, ...a].map(c);']],
    ['drop-statement', 'a.clip();', [';']],
    ['drop-statement', 'using x = a();', ['const x = a();']],
    ['drop-statement', "if (a) throw new Error('a');", [';']],
    [
      'early-return',
      'if (a) return;\nb();\nc();',
      ['; b(); c();', 'if (a) return; return; b(); c();'],
    ],
    ['early-return', 'b();\nreturn c;', []],
    ['off-by-one', 'for (let i = 0; i < a; i++) b(i);', ['i <= a', 'i < (a) - 1'].map(looped)],
    ['off-by-one', 'return a.slice(b, c);', ['(b) + 1, c', 'b, (c) - 1'].map(sliced)],
    ['off-by-one', 'return a.slice(1);', ['2', '0'].map(sliced)],
    ['off-by-one', 'return { length: a };', ['return { length: (a) - 1 };']],
    ['off-by-one', 'const { length: b, ...c } = a;', []],
    ['wrong-property', 'return a.rows * b;', ['return a.other * b;']],
    ['wrong-property', 'const { rows } = a;', ['const { other: rows } = a;']],
    ['wrong-property', 'a.rows = b.run();', []],
  ])('%s in %s', (operator, body, made) => {
    expect(madeOf(operator, body)).toEqual(made);
  });

  test.each([
    ["import a from './a.ts' with { type: 'b' };"],
    ['interface A { b: 1; c?: true }'],
    ['type A = 1 | [2, 3];'],
    ["throw new Error('a' + 1);"],
    ["invariant(true, () => 'a' + 1);"],
    ["class AError extends Error { constructor() { super('a' + 1); } }"],
    ["import.meta.glob('./*.ts', { eager: true });"],
    ["new URL('./a.ts', import.meta.url);"],
    [
      'const a = defineRecord(b, { samples: [c({ x: [1, 2] })], faults: [], plausibleBugs: [d(1)] });',
    ],
  ])('are none in %s', (source) => {
    const found = hostMutantsOf('f.ts', source, ANYTHING);
    const kept = found.filter(
      ({ operator }) => operator !== 'drop-argument' && operator !== 'drop-statement',
    );
    expect(kept).toEqual([]);
  });

  test('of what runs when the module loads are told from the others', () => {
    const source =
      'const A = 1;\nclass B { static c = 2; d = 3; e() { return 4; } }\nlet f = () => 5;';
    const found = hostMutantsOf('f.ts', source, ANYTHING);
    expect(found.map(({ replacement, atLoad }) => [replacement, atLoad])).toEqual([
      ...['2', '0', '3', '1'].map((text) => [text, true]),
      ...['4', '2', '5', '3', '6', '4'].map((text) => [text, false]),
    ]);
  });

  test('keep the hash of their statement when other lines change', () => {
    const body = 'if (a > 1) {\n  b += 2;\n}';
    const [before, after] = [`${body}`, `let c = 0;\nif (a > 1) {\n  b += 2;\n  c();\n}`].map(
      (text) =>
        hostMutantsOf('f.ts', text, ANYTHING)
          .filter(({ operator }) => operator === 'comparison' || operator === 'arithmetic')
          .map(({ statement }) => statement),
    );
    expect(new Set(before).size).toBe(2);
    expect(after).toEqual(before);
  });
});

function takenApart(text: string): string {
  return `const { x = ${text} } = a;`;
}

function looped(test: string): string {
  return `for (let i = 0; ${test}; i++) b(i);`;
}

function sliced(given: string): string {
  return `return a.slice(${given});`;
}

describe('the whole of what is judged and what judges', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const files = mutatedFiles(root);
  const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const mutants = [...sources].flatMap(([file, source]) => hostMutantsOf(file, source, ANYTHING));

  test('are launchers, training, formats, oracles and reports, without tests and what they take', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'src/ops/launcher.ts',
        'src/train/loss-scaler.ts',
        'src/formats/safetensors.ts',
        'src/reference/judge.ts',
        'src/testing/judge-call.ts',
        'src/report/link/codec.ts',
      ]),
    );
    expect(files.filter((file) => /\.test\.ts$|fixtures|samples/.test(file))).toEqual([]);
  });

  test('has mutants of every operator, counted by folder', () => {
    const counts = countsOf(mutants);
    const total = [...counts.values()].flatMap((ofFolder) => [...ofFolder.values()]);
    expect(total.reduce((sum, count) => sum + count, 0)).toBe(mutants.length);
    for (const [folder, ofFolder] of counts)
      expect([folder, ofFolder.size > 6]).toEqual([folder, true]);
    expect(new Set([...counts.values()].flatMap((ofFolder) => [...ofFolder.keys()])).size).toBe(14);
  });

  test('gives each an id of its own and a text that differs', () => {
    expect(new Set(mutants.map(hostMutantId)).size).toBe(mutants.length);
    const same = mutants.filter(
      ({ file, start, end, replacement }) => sources.get(file)?.slice(start, end) === replacement,
    );
    expect(same).toEqual([]);
  });

  test('parses with all of them in it', () => {
    const wrong = files.filter((file) => {
      const own = mutants.flatMap((mutant, index) =>
        mutant.file === file ? [{ mutant, index }] : [],
      );
      const { errors } = parseSync(file, instrument(sources.get(file) ?? '', own));
      return errors.length > 0;
    });
    expect(wrong).toEqual([]);
  });
});
