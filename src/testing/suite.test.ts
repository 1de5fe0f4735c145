import { describe, expect, test } from 'vitest';
import { CaseContext } from './context.ts';
import { caseId, type Grid, parseShape, SuiteBuilder, SuiteError, suite } from './suite.ts';

const nothing = async () => {};

/** A suite of one case, which is declared by `declare`. */
function casesOf(declare: (builder: SuiteBuilder) => void): SuiteBuilder['cases'] {
  const builder = suite('train.trainer', {
    description: 'training',
    covers: ['tb.utilities.markers'],
  });
  declare(builder);
  return builder.cases;
}

describe('a case', () => {
  test('has what was declared of it, and defaults for the rest', () => {
    const [plain, full] = casesOf((builder) => {
      builder.case('plain').control('none', []).run(nothing);
      builder
        .case('full')
        .needs('shader-f16', 'subgroups')
        .tier('slow')
        .timeout(1234)
        .covers('tb.utilities.timeout')
        .desc('all of it')
        .injects({ host: { seam: 'a.b' } })
        .given((seed) => ({ seed }) as never)
        .control('broken', (fault) => fault.host('a.b', () => () => seeded))
        .run(nothing);
    });
    const seeded = 7;
    expect(plain).toMatchObject({
      id: 'train.trainer:plain',
      suite: 'train.trainer',
      backend: 'webgpu',
      tier: 'quick',
      covers: ['tb.utilities.markers'],
      description: '',
      needs: [],
      timeoutMs: 20_000,
      control: { name: 'none', faults: [] },
      injects: [],
    });
    expect(plain).not.toHaveProperty('given');
    expect(full).toMatchObject({
      id: 'train.trainer:full',
      tier: 'slow',
      covers: ['tb.utilities.markers', 'tb.utilities.timeout'],
      description: 'all of it',
      needs: ['shader-f16', 'subgroups'],
      timeoutMs: 1234,
      control: { name: 'broken', faults: [{ host: { seam: 'a.b' } }] },
      injects: [{ host: { seam: 'a.b' } }],
    });
    expect(full?.given?.(5)).toEqual({ seed: 5 });
  });

  test('is there once for each combination of its parameters, in their order', async () => {
    const seen: string[] = [];
    const cases = casesOf((builder) =>
      builder
        .case('grid', { rows: [1, 20], kind: ['a', 'b'], flag: [true] })
        .control('none', [])
        .run(async ({ params }) => void seen.push(`${params.rows} ${params.kind} ${params.flag}`)),
    );
    expect(cases.map(({ id }) => id)).toEqual([
      'train.trainer:grid;rows=1;kind=a;flag=true',
      'train.trainer:grid;rows=1;kind=b;flag=true',
      'train.trainer:grid;rows=20;kind=a;flag=true',
      'train.trainer:grid;rows=20;kind=b;flag=true',
    ]);
    const environment = { ieee: true, seed: 1, injects: [] } as never;
    for (const { run } of cases) await run(new CaseContext(environment));
    expect(seen).toEqual(['1 a true', '1 b true', '20 a true', '20 b true']);
  });

  test('is an error that names each of its parameters that it does not read', async () => {
    const [first] = casesOf((builder) =>
      builder
        .case('grid', { rows: [1, 2], columns: [3, 4], label: [5] })
        .control('none', [])
        .run(nothing),
    );
    const environment = { ieee: true, seed: 1, injects: [] } as never;
    await expect(first?.run(new CaseContext(environment))).rejects.toThrow(
      'train.trainer:grid runs once for each rows and columns and does not read it',
    );
  });
});

describe('a declaration is refused', () => {
  /** What is wrong, and where it was declared. */
  function refusal(declare: (builder: SuiteBuilder) => void): string {
    try {
      casesOf(declare);
    } catch (error) {
      expect(error).toBeInstanceOf(SuiteError);
      const { message, cause } = error as SuiteError;
      expect((cause as Error).message).toBe('the declaration of the case');
      return message;
    }
    return 'nothing';
  }

  test('without a body, or without a control', () => {
    expect(refusal((builder) => void builder.case('a').control('none', []))).toBe(
      'train.trainer:a has no run(): say what is computed and asserted',
    );
    expect(refusal((builder) => builder.case('a').run(nothing))).toBe(
      'train.trainer:a has no control(): name the fault that turns it red',
    );
  });

  test('with more than three rows, where clauses count as their row', () => {
    const declared = (builder: SuiteBuilder) =>
      builder
        .case('a')
        .covers('tb.utilities.timeout', 'tb.utilities.last-failed')
        .covers('tb.utilities.last-failed')
        .control('none', []);
    expect(refusal((builder) => declared(builder).run(nothing))).toBe('nothing');
    const more = 'tb.utilities.verbose-output/assertion-values' as const;
    expect(refusal((builder) => declared(builder).covers(more).run(nothing))).toBe(
      'train.trainer:a covers more than 3 rows of the catalog: make it several cases',
    );
  });

  test.each([
    ['white space', 'a b'],
    ['a semicolon', 'a;b'],
    ['an equals sign', 'a=b'],
    ['a colon', 'a:b'],
    ['nothing', ''],
  ])('with %s in a word of its id', (_, word) => {
    const words = `train.trainer: "${word}" may not stand in a case id (no white space, ";", "=" or ":")`;
    const refusalOf = (name: string, grid: Grid) =>
      refusal((builder) => builder.case(name, grid).control('none', []).run(nothing));
    expect(refusalOf(word, {})).toBe(words);
    expect(refusalOf('a', { [word]: [1] })).toBe(words);
    expect(refusalOf('a', { b: [word] })).toBe(words);
    // The first of them is told.
    expect(refusalOf(word, { '\t': ['\n'] })).toBe(words);
  });

  test.each(['Train', 'train.', '.train', 'a b', ''])('in a suite named "%s"', (name) => {
    expect(() => new SuiteBuilder(name, { description: '' })).toThrow(
      `suite "${name}" must be named with dots between words of a-z, 0-9, _ and -, as train.trainer`,
    );
  });
});

test('a suite has its name and description', () => {
  const { name, description, cases } = suite('ops.nn_2.rms-norm', { description: 'norms' });
  expect([name, description, cases]).toEqual(['ops.nn_2.rms-norm', 'norms', []]);
});

test('an id names suite, case and parameters', () => {
  expect(caseId('a.b', 'c', { x: '37x64', n: 2, flag: false })).toBe(
    'a.b:c;x=37x64;n=2;flag=false',
  );
  expect(parseShape('37x64')).toEqual([37, 64]);
});
