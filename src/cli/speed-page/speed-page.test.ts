import { expect, test } from 'vitest';
import { withVersions } from '../../bench/library-versions.ts';
import { report, result } from '../../report/fixtures/reports.ts';
import type { CaseResult } from '../../report/schema.ts';
import { readScaling, readTorchSteps } from './beside.ts';
import { speedPage } from './speed-page.ts';

const timed = (id: string, backend: string, ms: number, over: Partial<CaseResult> = {}) =>
  result({
    ...{ id, backend, status: 'pass', assertions: 1 },
    timing: {
      source: 'wall',
      ...{ quantumNs: 1, samples: 5, coldMs: 9, medianMs: ms, minMs: ms },
      ciMs: [ms, ms],
    },
    ...over,
  });

const PRODUCT = 'bench.matmul:f32;m=128;n=128;k=128';
const STEP = 'bench.mlp-step:f32;batch=64;hidden=256';
const LORA = 'bench.llama-lora-step:f32;batch=1;tokens=64;width=512';

test('the page has a table for each group, with both ways of ours', async () => {
  const results = [
    timed(PRODUCT, 'webgpu', 0.99, {
      metrics: { ratio: 1.56, fractionOfCeiling: 0.5, 'exponent of cube': 2.66 },
      tried: { eager: 1.1, captured: 0.99 },
      series: { ms: [1, 0.98, 0.99, 0.985, 0.995] },
    }),
    timed(PRODUCT, 'jax-webgpu', 1.55, { series: { ms: [1.4, 1.5, 1.55, 1.6, 1.7] } }),
    timed(PRODUCT, 'ort-webgpu', 8.94, {
      finding: { code: 'coarser-bound', message: 'activations of 8 bits' },
    }),
    result({
      ...{ id: PRODUCT, backend: 'tfjs-webgpu', status: 'fail', assertions: 0 },
      error: { code: 'out-of-bound', message: 'y is wrong' },
    }),
    timed(STEP, 'webgpu', 17.7, {
      metrics: {
        ...{ eagerHostMs: 0.83, eagerCommands: 17, eagerHostUsPerCommand: 48.8 },
        ...{ capturedHostMs: 0.21, capturedCommands: 17, capturedHostUsPerCommand: 12.4 },
        ...{ eagerPeakBytes: 3 * 2 ** 20, activationBytes: 3 * 2 ** 19 },
      },
    }),
    timed(LORA, 'webgpu', 1000),
    timed(LORA.replace('f32', 'nf4'), 'webgpu', 1120, {
      metrics: {
        ...{ measuredByPredicted: 1.034, eagerPeakBytes: 315.2e6 },
        ...{ firstLoss: 9.8412, lastLoss: 9.372 },
      },
    }),
    timed(STEP.replace('-step', '-checkpoint'), 'webgpu', 35.4, {
      metrics: { checkpointBytes: 5 * 2 ** 19 },
    }),
    timed(STEP.replace('-step', '-resume'), 'webgpu', 8.25),
  ];
  const text = speedPage([await report(results, '', { kind: 'bench' })]);
  expect(text).toContain('| mlp:f32;batch=64;hidden=256 | 2.50 | 35.4 | 2.0 | 8.25 |');
  expect(text).not.toContain('without the engine');
  expect(text).toContain('ONNX Runtime (version not known)');
  expect(text).toContain('| products | 1 | 1.56 | 1.56 (matmul:f32;m=128;n=128;k=128) | 0 |');
  expect(text).toContain('| products | ORT | jax-js | ours | ratio | at least | of ceiling |');
  expect(text).toContain(
    '| matmul:f32;m=128;n=128;k=128 | 8.94 ~ | 1.55 | 1.10 / 0.990 | 1.56 | 1.40 | 50 % |',
  );
  expect(text).toContain(
    '| llama-lora-step:nf4;batch=1;tokens=64;width=512 | 1.12e+3 | 1.12 | 1.03 | 315 | 9.84 to 9.37 |',
  );
  expect(text).toContain('| cube | webgpu 2.66 |');
  expect(text).toContain(
    '| mlp-step:f32;batch=64;hidden=256 | 0.830 | 17.0 | 48.8 | 0.210 | 17.0 | 12.4 | 3.0 | 1.5 | - |',
  );
  const calls = timed('bench.ceiling:step-calls', 'ceiling', 0.3, {
    metrics: { callsHostMs: 0.14, callsCommands: 12, callsHostUsPerCommand: 11.7 },
  });
  expect(speedPage([await report([...results, calls], '', { kind: 'bench' })])).toContain(
    'without the engine, take 0.140 ms, 11.7 us a command',
  );
});

test('every library with a column is named, and of how many runs no versions are known', async () => {
  const run = async (backends: readonly string[], versions: Record<string, string> = {}) => {
    const results = ['webgpu', ...backends].map((backend) => timed(PRODUCT, backend, 1));
    const plain = await report(results, '', { kind: 'bench' });
    const contenders = Object.entries(versions).map(([name, version]) => ({ name, version }));
    const environments = plain.environments.map((one) => withVersions(one, contenders as never));
    return { ...plain, environments };
  };
  const jax = await run(['jax-webgpu'], { 'jax-webgpu': '0.1.2' });
  expect(speedPage([jax])).toContain('|\n\nTimed beside ours: jax-js 0.1.2.\n\n## Summary');
  const alone = await run([]);
  expect(speedPage([alone])).toContain('|\n\n## Summary');
  const old = await run(['jax-webgpu', 'ort-webgpu', 'ort-wasm']);
  const both = { 'jax-webgpu': '0.1.3', 'ort-wasm': '1.30.0' };
  expect(speedPage([alone, jax, old, await run(['jax-webgpu'], both), old])).toContain(
    'Timed beside ours: jax-js 0.1.2; jax-js 0.1.3; ONNX Runtime, WebAssembly 1.30.0; ONNX Runtime (version not known).\nOf 2 of the 4 runs with any no versions are known.\n',
  );
});

test('of several runs a row is that whose ratio is the median, and works of any are there', async () => {
  const run = (ratio: number, ours: number, more: readonly CaseResult[] = []) =>
    report(
      [
        timed(PRODUCT, 'webgpu', ours, { metrics: { ratio } }),
        timed(PRODUCT, 'jax-webgpu', 5),
        ...more,
      ],
      '',
      { kind: 'bench' },
    );
  const runs = [await run(3, 1), await run(1, 5), await run(2, 2.5, [timed(STEP, 'webgpu', 7)])];
  const text = speedPage(runs);
  expect(text).toContain('| products | 1 | 2.00 |');
  expect(text).toContain(`| ${PRODUCT.slice(6)} | 5.00 | 2.50 | 2.00 (3: 1.00 to 3.00) | - |`);
  expect(text).toContain('| mlp-step:f32;batch=64;hidden=256 | 7.00 |');
  expect(text.match(/^\| \d{4}-\d\d-\d\d \d\d:\d\d \|/gm)).toHaveLength(3);
  expect(speedPage(runs.slice(0, 2))).toContain('| products | 1 | 1.00 |');
  const fuller = await run(4, 1.25, [timed(PRODUCT, 'ort-webgpu', 9)]);
  expect(speedPage([...runs, fuller]), 'beside most libraries').toContain(
    `| ${PRODUCT.slice(6)} | 9.00 | 5.00 | 1.25 | 4.00 | - |`,
  );
});

test('works in halves are told beside the same in float32, both of the newest run that has both', async () => {
  const of = 'bench.transformer-step:f32;batch=4;tokens=128;width=256';
  const inHalves = of.replace('f32', 'f16');
  const run = (day: number, ...results: readonly CaseResult[]) =>
    report([...results], '', { kind: 'bench', startedAt: new Date(Date.UTC(2026, 10, day)) });
  const both = (day: number, f16: number, f32: number) =>
    run(day, timed(inHalves, 'webgpu', f16), timed(of, 'webgpu', f32));
  const old = await both(1, 9, 1);
  const newest = await both(3, 6, 4);
  const text = speedPage([newest, old, await run(4, timed(inHalves, 'webgpu', 7))]);
  const halves = text.slice(text.indexOf('## Halves'));
  expect(halves).toContain(
    `| halves | ours | ratio | at least | of ceiling | of f32 |\n|---|---|---|---|---|---|\n| ${inHalves.slice(6)} | 6.00 |  |  |  | 1.50 |\n`,
  );
  expect(halves).not.toContain('9.00');
  const alone = speedPage([await run(4, timed(inHalves, 'webgpu', 7))]);
  expect(alone).toContain(`| ${inHalves.slice(6)} | 7.00 |  |  |  |`);
  expect(alone).not.toContain('of f32 |');
});

test('exponents are of every run, though a row is of another one', async () => {
  const cube = (ratio: number, exponents: Record<string, number>) => {
    const metrics = (backend: string) =>
      exponents[backend] === undefined ? {} : { 'exponent of cube': exponents[backend] };
    const results = [
      timed(PRODUCT, 'webgpu', 1, { metrics: { ratio, ...metrics('webgpu') } }),
      timed(PRODUCT, 'jax-webgpu', ratio, { metrics: metrics('jax-webgpu') }),
    ];
    return report(results, '', { kind: 'bench' });
  };
  const runs = [
    await cube(3, { webgpu: 2.5, 'jax-webgpu': 2.8 }),
    await cube(2, {}),
    await cube(1, { webgpu: 2.7 }),
  ];
  expect(speedPage(runs)).toContain('| cube | jax-webgpu 2.80, webgpu 2.60 |');
  expect(speedPage(runs.slice(1, 2))).not.toContain('How times grow');
});

test('variants that were timed beside the chosen one have a table of every run', async () => {
  const beside = (chosen: number) =>
    report(
      [
        timed(PRODUCT, 'webgpu', 1, {
          metrics: { ofFastestVariant: chosen / 2 },
          tried: { captured: 1, eager: chosen, 'variant tiled': 2, 'variant register': 4 },
        }),
      ],
      '',
      { kind: 'bench' },
    );
  const text = speedPage([await beside(1), await beside(3)]);
  expect(text).toContain('In 1 of 2 works the chosen\none takes over 10 % longer than another.');
  expect(text).toContain(
    '| matmul:f32;m=128;n=128;k=128 | 1.00 | tiled 2.00, register 4.00 | 0.50 |\n| matmul:f32;m=128;n=128;k=128 | 3.00 | tiled 2.00, register 4.00 | 1.50 |',
  );
});

test('steps of PyTorch stand beside ours, and runs by several workers below', async () => {
  const torch = readTorchSteps(
    JSON.stringify({
      libraries: { torch: '2.9.1', peft: '0.21.2' },
      device: 'cpu',
      steps: { [LORA]: { medianMs: 250.4, ms: [250.4] } },
    }),
  );
  const scaling = readScaling(
    JSON.stringify({
      ...{ command: '--model a', cores: 2 },
      rows: [
        { workers: 1, ms: 100, efficiency: 1, forecast: 2 ** 21, peak: 2 ** 20 },
        { workers: 4, ms: 80, efficiency: 0.3125, forecast: 2 ** 19, peak: 3 * 2 ** 18 },
      ],
    }),
  );
  const results = [timed(LORA, 'webgpu', 1000), timed(LORA.replace('f32', 'nf4'), 'webgpu', 1120)];
  const text = speedPage([await report(results, '', { kind: 'bench' })], { torch, scaling });
  const id = 'llama-lora-step:f32;batch=1;tokens=64;width=512';
  expect(text).toContain(`| ${id} | 1.00e+3 | 250 | - | - | - | - |`);
  expect(text).toContain(`| ${id.replace('f32', 'nf4')} | 1.12e+3 | - | 1.12 | - | - | - |`);
  expect(text).toContain('its own: torch 2.9.1, peft 0.21.2.');
  expect(text).toContain('On 2 cores, by one run of\n`npm run scaling -- --model a`:');
  expect(text).toContain('| 1 | 100 | 1.00 | 1.00 | 1.0 | 2.0 |');
  expect(text).toContain('| 4 | 80 | 0.31 | 0.50 | 0.8 | 0.5 |');
});

test('what is no file of steps, or of workers, is refused', () => {
  expect(() => readTorchSteps('[]')).toThrow('it is not a JSON object');
  expect(() => readTorchSteps('{"libraries":{},"device":"cpu","steps":{"a":{}}}')).toThrow(
    'steps.a.medianMs',
  );
  expect(() => readScaling('{"command":"","cores":0,"rows":[]}')).toThrow('cores');
});
