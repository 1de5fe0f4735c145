import { describe, expect, test } from 'vitest';
import type { BenchEvent, BenchResult } from '../../bench/host.ts';
import { withVersions } from '../../bench/library-versions.ts';
import { report, result } from '../../report/fixtures/reports.ts';
import type { CaseResult } from '../../report/schema.ts';
import { exitOfBench } from '../commands/bench.ts';
import { saySlowed, sayStopping, showBench, showBenchSummary } from './bench.ts';
import { heard } from './fixtures/heard.ts';

const ID = 'bench.matmul:f32;m=128;n=128;k=128';
const LONG = 'bench.conv2d:f32;kernel=3;from=64;to=64;side=56;grad=x+weight';
const timed = (backend: string, ms: number, metrics = {}): CaseResult =>
  result({
    ...{ id: ID, backend, status: 'pass', assertions: 9, metrics },
    timing: {
      source: 'wall',
      ...{ quantumNs: 5000, samples: 5, coldMs: 90, medianMs: ms, minMs: ms },
      ciMs: [ms, ms],
    },
  });
const failed = (backend: string): CaseResult =>
  result({
    ...{ id: ID, backend, status: 'fail', assertions: 0 },
    error: { code: 'out-of-bound', message: 'y[0] is 1 and should be 2' },
  });

test('the table has what each took, the ratio and the share of the ceiling', async () => {
  const { lines, voice } = heard();
  const results = [
    timed('webgpu', 2, { ratio: 1.5, fractionOfCeiling: 0.25 }),
    timed('jax-webgpu', 3),
    failed('tfjs-webgpu'),
    timed('ceiling', 0.5),
    result({ ...timed('webgpu', 9.87), id: 'bench.softmax:f32;rows=1024;width=1024' }),
  ];
  showBenchSummary(voice, await report(results, '', { kind: 'bench' }));
  const rows = lines.slice(0, 3).map((line) => line.trim().split(/ {2,}| (?=[\d-])/));
  expect(rows).toEqual([
    ['ms', 'ours', 'tfjs', 'jax', 'ceiling', 'ratio', 'of ceil.'],
    ['matmul:f32;m=128;n=128;k=128', '2.00', 'fail', '3.00', '0.500', '1.50', '25 %'],
    ['softmax:f32;rows=1024;width=1024', '9.87', '-', '-', '-'],
  ]);
  expect(lines[3]).toBe(
    'products: the fastest peer takes 1.50 times as long as ours (geometric mean of 1); at worst 1.50 (matmul:f32;m=128;n=128;k=128), 0 below 1',
  );
  expect(lines).toContain('Software rendering, no GPU in use: only ratios on one machine count.');
});

test('a step that takes another time than was foretold is named', async () => {
  const { lines, voice } = heard();
  const step = (tokens: number, measuredByPredicted: number) =>
    result({
      ...timed('webgpu', 600, { measuredByPredicted }),
      id: `bench.llama-lora-step:f32;tokens=${tokens}`,
    });
  const results = [step(64, 1.69), step(128, 1.49), step(256, 0.67), step(512, 0.66)];
  showBenchSummary(voice, await report(results, '', { kind: 'bench' }));
  expect(lines.filter((line) => line.includes('foretold'))).toEqual([
    'foretold  llama-lora-step:f32;tokens=512: takes 0.66 times what is foretold',
    'foretold  llama-lora-step:f32;tokens=64: takes 1.69 times what is foretold',
    'foretold: 2 of 4 steps take over 1.5 times as long as is foretold, or as short',
  ]);
});

test('a library has the time of its documented loop beside its own', async () => {
  const { lines, voice } = heard();
  const results = [
    timed('webgpu', 2),
    timed('tfjs-webgpu', 3, { documentedMs: 3.45 }),
    timed('jax-webgpu', 1234.5),
    result({ ...timed('tfjs-webgpu', 5), id: 'bench.softmax:f32;rows=1024;width=1024' }),
  ];
  showBenchSummary(voice, await report(results, '', { kind: 'bench' }));
  expect(lines.slice(0, 3).map((line) => line.trim().split(/ {2,}| (?=[\d-])/))).toEqual([
    ['ms', 'ours', 'tfjs', 'tfjs loop', 'jax', 'ratio', 'of ceil.'],
    ['matmul:f32;m=128;n=128;k=128', '2.00', '3.00', '3.45', '1235'],
    ['softmax:f32;rows=1024;width=1024', '-', '5.00', '-', '-'],
  ]);
  expect(lines[3]).toContain('loop: as the documentation');
});

test('libraries are told with their versions', async () => {
  const { lines, voice } = heard();
  const of = await report([timed('webgpu', 2)], '', { kind: 'bench' });
  const library = { name: 'jax-webgpu', version: '0.1.25' } as const;
  const environments = of.environments.map((one) => withVersions(one, [library]));
  showBenchSummary(voice, { ...of, environments });
  expect(lines).toContain('timed beside ours: jax-js 0.1.25');
});

test('a table is no wider than the terminal, and what it lacks is said', async () => {
  const results = [
    ...[timed('webgpu', 2, { ratio: 1.5, fractionOfCeiling: 0.25 }), timed('ceiling', 0.5)],
    ...['ort-webgpu', 'tfjs-webgpu', 'jax-webgpu', 'ort-wasm'].map((name) =>
      timed(name, 3, { documentedMs: 4 }),
    ),
    result({ ...timed('webgpu', 75), id: LONG }),
    result({ ...timed('ceiling', 0.25), id: 'bench.ceiling:dispatch' }),
  ];
  const of = await report(results, '', { kind: 'bench' });
  const shown = (columns: number) => {
    const { lines, voice } = heard(false, columns);
    showBenchSummary(voice, of);
    return lines;
  };
  const narrow = shown(80);
  const table = narrow.slice(
    0,
    narrow.findIndex((line) => line.startsWith('not shown')),
  );
  expect(shown(200)[0]?.split(/ {2,}/)).toEqual([
    ...['ms', 'ours', 'ort', 'ort loop', 'tfjs', 'tfjs loop', 'jax', 'jax loop'],
    ...['wasm', 'wasm loop', 'ceiling', 'ratio', 'of ceil.'],
  ]);
  expect(shown(200).some((line) => line.startsWith('not shown'))).toBe(false);
  expect(narrow[0]?.split(/ +/)).toEqual(
    expect.arrayContaining(['ours', 'ort', 'tfjs', 'jax', 'ratio']),
  );
  for (const line of table) expect(line.length).toBeLessThanOrEqual(80);
  expect(narrow.find((line) => line.startsWith('not shown'))).toMatch(
    /^not shown in 80 columns: .*wasm.* loop.*; --csv and --report have them$/,
  );
  const long = narrow.indexOf(LONG.replace('bench.', ''));
  expect(narrow[long + 1], 'a long name has a line of its own').toMatch(/^ +75\.0( +-)+$/);
  expect(narrow, 'ceilings have a table of their own').toContain('ceiling:dispatch    0.250');
});

test('the settings that were timed are told if that is asked, and what was left out always', async () => {
  const results = [
    { ...timed('webgpu', 2), setting: 'captured' },
    {
      ...{ ...timed('ort-webgpu', 3), setting: 'default, by its documented loop' },
      finding: { code: 'setting-not-timed', message: 'not timed: MHA: y[0] is 1, not 2' },
    },
    ...[1, 2, 3].map((n) =>
      result({
        ...{ id: `bench.softmax:f32;rows=${n}`, backend: 'jax-webgpu', status: 'skip' },
        ...{ assertions: 0, skip: { code: 'not-implemented', detail: 'it is not asked' } },
      }),
    ),
  ];
  const of = await report(results, '', { kind: 'bench' });
  const { lines, voice } = heard();
  showBenchSummary(voice, of);
  expect(lines.filter((line) => line.startsWith('not timed'))).toEqual([
    'not timed  ort; MHA: y[0] is 1, not 2 (matmul:f32;m=128;n=128;k=128)',
    'not timed  jax: it is not asked (3 works)',
  ]);
  expect(lines.join()).not.toContain('captured');
  const more = heard();
  showBenchSummary(more.voice, of, true);
  expect(more.lines.slice(2, 4)).toEqual([
    '  ours: captured',
    '  ort: default, by its documented loop',
  ]);
});

test('WebAssembly that took part is said to count in no ratio', async () => {
  const said = async (results: readonly CaseResult[], isFallback: boolean) => {
    const { lines, voice } = heard();
    const of = await report([...results], '', { kind: 'bench' });
    const environments = of.environments.map((one) => ({
      ...one,
      adapter: { ...one.adapter, isFallback },
    }));
    showBenchSummary(voice, { ...of, environments });
    return lines.filter((line) => line.startsWith('wasm'));
  };
  const both = [timed('webgpu', 2), timed('ort-wasm', 1)];
  expect(await said(both, false)).toEqual([
    'wasm computes on the processor and counts in no ratio',
  ]);
  expect((await said(both, true)).join()).toContain('it is faster than any WGSL');
  expect(await said([timed('webgpu', 2)], true)).toEqual([]);
  expect(await said([timed('webgpu', 2), failed('ort-wasm')], true)).toEqual([]);
});

test('a geometric mean is told of each group, with its worst', async () => {
  const { lines, voice } = heard();
  const product = (m: number, ratio: number) =>
    result({
      ...timed('webgpu', 1, { ratio }),
      id: `bench.matmul:f32;m=${m};n=${m};k=${m}`,
    });
  const results = [product(128, 4), product(256, 0.25), product(512, 1)];
  showBenchSummary(voice, await report(results, '', { kind: 'bench' }));
  expect(lines.find((line) => line.startsWith('products'))).toBe(
    'products: the fastest peer takes 1.00 times as long as ours (geometric mean of 3); at worst 0.25 (matmul:f32;m=256;n=256;k=256), 1 below 1',
  );
});

test('a choice is named that is slower than another variant, and how many were timed', async () => {
  const { lines, voice } = heard();
  const beside = (id: string, chosen: number, tiled: number): CaseResult => ({
    ...timed('webgpu', chosen, { ofFastestVariant: chosen / tiled }),
    ...{ id, tried: { captured: 1, eager: chosen, 'variant tiled': tiled } },
  });
  const results = [beside(ID, 3, 2), beside('bench.softmax:f32;rows=1024;width=1024', 2.1, 2)];
  showBenchSummary(voice, await report(results, '', { kind: 'bench' }));
  expect(lines.filter((line) => /^choice|^variants/.test(line))).toEqual([
    'choice  matmul:f32;m=128;n=128;k=128: the chosen variant takes 3.00 ms, tiled 2.00: 1.50 times the fastest',
    'variants: in 1 of 2 works the chosen one takes over 10 % longer than another',
  ]);
});

test('what became slower is named', () => {
  const { lines, voice } = heard();
  const slower = [{ id: ID, backend: 'webgpu', beforeMs: 2, afterMs: 3, ratio: 1.5 }];
  saySlowed(voice, { why: undefined, compared: 4, unjudged: 2, fewestSamples: 40, slower });
  expect(lines).toContain(`slower  ${ID} on webgpu: 2.00 -> 3.00 ms, 1.50 times as long`);
  expect(lines).toContain('1 of 4 times are over 15 % slower than in the baseline');
  expect(lines).toContain('2 other times could not be judged: too few samples in one of both');
  const unsure =
    'some have only 5 samples, and the rule was tried with 40: time both with --samples 40 to be as sure';
  expect(lines).not.toContain(unsure);
  saySlowed(voice, { why: undefined, compared: 4, unjudged: 0, fewestSamples: 5, slower });
  expect(lines).toContain(unsure);
  saySlowed(voice, {
    ...{ why: 'it is of\n\u001b[31manother adapter', compared: 0, unjudged: 0, fewestSamples: 0 },
    slower: [],
  });
  expect(lines, 'text of a file stays in its line').toContain(
    'Nothing is compared: it is of [31manother adapter.',
  );
});

describe('while it goes on', () => {
  const events: readonly BenchEvent[] = [
    { type: 'start', total: 2, contenders: ['webgpu', 'ceiling'] },
    { type: 'work', id: ID, done: 1, total: 2, remainingMs: 1500 },
    { type: 'results', results: [failed('tfjs-webgpu') as BenchResult] },
    { type: 'end' },
  ];

  test('a pipe hears of what is wrong alone', () => {
    const { lines, voice } = heard();
    const listen = showBench(voice);
    for (const event of events) listen(event);
    expect(lines).toEqual([
      '2 works for webgpu, ceiling',
      `fail    ${ID} on tfjs-webgpu: out-of-bound: y[0] is 1 and should be 2`,
    ]);
  });

  test('a library that could not be opened is told once', () => {
    const { lines, voice } = heard();
    const listen = showBench(voice);
    const error = { code: 'not-opened', message: 'could not be opened: boom' };
    const jax = { ...failed('jax-webgpu'), error } as BenchResult;
    for (let i = 0; i < 3; i++)
      listen({ type: 'results', results: [jax, { ...jax, backend: 'ort-wasm' }] });
    expect(lines).toEqual([
      'fail    jax-webgpu in all works: could not be opened: boom',
      'fail    ort-wasm in all works: could not be opened: boom',
    ]);
  });

  test('a log is told how far it is every half minute', () => {
    const { lines, voice } = heard();
    let now = 0;
    const listen = showBench(voice, () => now);
    const work = (done: number, at: number) => {
      now = at;
      listen({ type: 'work', id: ID, done, total: 9, remainingMs: 1000 * (9 - done) });
    };
    work(1, 20_000);
    work(2, 31_000);
    work(3, 60_000);
    work(4, 61_500);
    expect(lines).toEqual([`2 of 9, about 7 s left: ${ID}`, `4 of 9, about 5 s left: ${ID}`]);
  });

  test('that it stops is told at once, in a line of its own', () => {
    const words = 'stopping: what is timed so far is the report; Ctrl-C once more ends at once';
    for (const [isLive, told] of [
      [false, [words]],
      [true, ['\r\x1b[K', words]],
    ] as const) {
      const { lines, voice } = heard(isLive);
      sayStopping(voice);
      expect(lines).toEqual(told);
    }
  });

  test('a terminal sees how far it is, in one line', () => {
    const { lines, voice } = heard(true, 60);
    const listen = showBench(voice);
    for (const event of events) listen(event);
    expect(lines[1]).toContain('1 of 2, about 2 s left: bench.matmul');
    expect(lines[1]?.length).toBeLessThanOrEqual(60 + 4);
    expect(lines[2]).toBe('\r\x1b[K');
  });
});

describe('the exit status', () => {
  const of = (...results: readonly CaseResult[]) => exitOfBench({ results: [...results] }, false);

  test('is that of ours and the ceilings alone', () => {
    expect(of(timed('webgpu', 1), failed('ort-webgpu'))).toBe(0);
    expect(of(timed('webgpu', 1), failed('ceiling'))).toBe(1);
    expect(of(failed('webgpu'), timed('jax-webgpu', 1))).toBe(1);
  });

  test('is 1 where nothing of ours was timed, and 130 after an interrupt', () => {
    expect(of(timed('jax-webgpu', 1))).toBe(1);
    expect(of()).toBe(1);
    expect(exitOfBench({ results: [timed('webgpu', 1)] }, true)).toBe(130);
  });
});
