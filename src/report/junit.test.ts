import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { RUN, report as reportOf, reportsOfAllKinds, result } from './fixtures/reports.ts';
import { toJUnit } from './junit.ts';
import type { Report } from './schema.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** A strict XML 1.0 parser's view of the text; throws when it is not well formed. */
function parse(xml: string): Element {
  const parser = new SaxesParser();
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name, attributes: { ...attributes }, children: [], text: '' };
    stack.at(-1)?.children.push(element);
    stack.push(element);
  });
  parser.on('closetag', () => void stack.pop());
  parser.on('text', (text) => {
    const top = stack.at(-1);
    if (top) top.text += text;
  });
  parser.write(xml).close();
  return root.children[0] ?? root;
}

const all = (element: Element, name: string): Element[] =>
  element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...all(child, name),
  ]);

test('each suite is a testsuite with its cases, seconds and environment', () => {
  const root = parse(toJUnit(RUN));
  expect(root.name).toBe('testsuites');
  expect(root.attributes).toMatchObject({ tests: '14', failures: '0', errors: '0', skipped: '0' });
  const [suite] = all(root, 'testsuite');
  expect(suite?.attributes).toMatchObject({
    name: 'ops.matmul.matmul',
    tests: '14',
    timestamp: RUN.run.startedAt.slice(0, 19),
  });
  const times = RUN.results.map(({ durationMs }) => (durationMs / 1000).toFixed(3));
  expect(all(root, 'testcase').map(({ attributes }) => attributes['time'])).toEqual(times);
  expect(all(root, 'testcase')[0]?.attributes).toMatchObject({
    name: `${RUN.results[0]?.id.split(/:(.*)/)[1]} [webgpu]`,
    classname: 'ops.matmul.matmul',
  });
  const properties = Object.fromEntries(
    all(root, 'property').map(({ attributes }) => [attributes['name'], attributes['value']]),
  );
  expect(properties).toMatchObject({
    'adapter.isFallback': 'true',
    'probe.rounding': 'nearest',
    planHash: RUN.run.planHash,
    seed: '42',
  });
});

test('a failure, an error, a skip and a finding are told apart', async () => {
  const [report] = await reportsOfAllKinds();
  const root = parse(toJUnit(report as Report));
  expect(root.attributes).toMatchObject({ tests: '6', failures: '1', errors: '3', skipped: '1' });
  expect(all(root, 'failure')[0]).toMatchObject({
    attributes: { type: 'not-within', message: 'too far' },
    text: 'at [64, 0]: 0, expected -113',
  });
  expect(all(root, 'error').map(({ attributes }) => attributes['type'])).toEqual([
    'timeout',
    'worker-died',
    'exception',
  ]);
  expect(all(root, 'skipped')[0]?.attributes['message']).toBe('missing-feature: shader-f16');
  expect(all(root, 'system-out')[0]?.text).toBe('producer-deviates: y[64, 0] is 0');
  expect(all(root, 'testsuite').map(({ attributes }) => attributes['name'])).toEqual([
    'nn.silu',
    'parity.lora_linear',
  ]);
});

test('a control that stayed green is a failure, and an expected failure is skipped', async () => {
  const control = { fault: 'a sign is flipped', status: 'green' } as const;
  const green = result({ id: 'a:b', status: 'pass', assertions: 1, control });
  const finding = { code: 'expected-failure', message: 'the driver rounds down' };
  const expected = result({
    id: 'a:c',
    status: 'fail',
    assertions: 1,
    error: { code: 'out-of-bound', message: 'too far' },
    finding,
  });
  const root = parse(toJUnit(await reportOf([green, expected], '')));
  expect(root.attributes).toMatchObject({ tests: '2', failures: '1', errors: '0', skipped: '1' });
  expect(all(root, 'failure')[0]?.attributes).toEqual({
    type: 'control-green',
    message: 'did not fail when a sign is flipped',
  });
  expect(all(root, 'skipped')[0]?.attributes['message']).toBe(
    'expected-failure: the driver rounds down',
  );
  // The schema of JUnit has the output of a case behind its outcome.
  expect(all(root, 'testcase').map(({ children }) => children.map(({ name }) => name))).toEqual([
    ['failure'],
    ['skipped', 'system-out'],
  ]);
});

test('a failure says which kernels all of its kind dispatch', async () => {
  const error = { code: 'out-of-bound', message: 'too far' };
  const failed = (id: string) =>
    result({ id, status: 'fail', assertions: 1, kernels: ['nn/silu'], error });
  const root = parse(toJUnit(await reportOf([failed('a:b'), failed('c:d')], '')));
  expect(all(root, 'failure').map(({ text }) => text)).toEqual([
    '2 checks are wrong, all of them dispatch nn/silu',
    '2 checks are wrong, all of them dispatch nn/silu',
  ]);
});

test(
  'the counts are those of the report, of all suites together and of each',
  covers('triton.utilities.junit-and-reports/junit-counts').control(
    'skipped cases are not counted',
    { file: 'src/report/junit.ts', from: "skipped: count('skipped')", to: "skipped: '0'" },
  ),
  async () => {
    for (const report of [RUN, ...(await reportsOfAllKinds())]) {
      const { total, passed, failed, skipped } = report.summary;
      const counts = {
        tests: total,
        failures: failed,
        skipped,
        errors: total - passed - failed - skipped,
      };
      const root = parse(toJUnit(report));
      const suites = all(root, 'testsuite');
      for (const [name, count] of Object.entries(counts)) {
        expect(root.attributes[name], name).toBe(String(count));
        const ofSuites = suites.map(({ attributes }) => Number(attributes[name]));
        expect(
          ofSuites.reduce((sum, one) => sum + one, 0),
          name,
        ).toBe(count);
      }
      expect(all(root, 'testcase')).toHaveLength(total);
      expect(all(root, 'skipped')).toHaveLength(skipped);
    }
  },
);

test('the cases of one suite in two environments are two testsuites', async () => {
  const cases = [0, 1].map((env) => result({ id: 'a:b', status: 'pass', assertions: 1, env }));
  const two = {
    ...(await reportOf(cases, '')),
    environments: [...RUN.environments, ...RUN.environments],
  };
  expect(all(parse(toJUnit(two)), 'testsuite')).toHaveLength(2);
});

test('any message stays well-formed XML and arrives, save for what XML cannot hold', async () => {
  const [one] = (await reportOf([result({ id: 'a:b', status: 'fail', assertions: 1 })], ''))
    .results;
  const base = await reportOf([], '');
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(']]>', '<!--', '&', '"', "'", '\n', '\0', '\u001b', '\ud800', '\ufffe'),
    }),
  );
  fc.assert(
    fc.property(hostile, (message) => {
      const failed = {
        ...base,
        results: one
          ? [
              {
                ...one,
                error: { code: 'x', message, at: { index: [], actual: null, expected: 1 } },
              },
            ]
          : [],
      };
      const [failure] = all(parse(toJUnit(failed)), 'failure');
      const legal = [...message].map((c) =>
        /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]$/u.test(c) ? c : '\uFFFD',
      );
      expect(failure?.attributes['message']).toBe(legal.join(''));
    }),
  );
});

test('a report is written line by line, with all of where it was made', async () => {
  const at = { index: [1, 2], actual: 0, expected: 3 };
  const failed = result({
    id: 'a:b;n=1',
    status: 'fail',
    assertions: 1,
    durationMs: 1500,
    error: { code: 'far', message: 'too "far"', at },
    kernels: ['nn/silu'],
  });
  const passed = result({ id: 'c:d', status: 'pass', assertions: 1, durationMs: 250 });
  const base = await reportOf([failed, passed], '');
  const [here] = base.environments as [Report['environments'][number]];
  const environment = {
    ...here,
    runtime: 'node',
    runtimeVersion: '20.1',
    os: 'linux',
    cores: 3,
    features: ['x', 'y'],
    probe: { rounding: 'nearest' },
    adapter: { vendor: 'v', architecture: 'a', device: 'd', description: 'D', isFallback: false },
  };
  const run = {
    ...base.run,
    startedAt: '2026-11-19T09:00:00.123Z',
    durationMs: 4000,
    filters: ['a*', 'c*'],
    tier: 'slow' as const,
    shard: '1/2',
    seed: 7,
  };
  const tool = { name: 'gradproof', version: '1.2', commit: 'abc' } as const;
  const lines = toJUnit({ ...base, run, tool, environments: [environment] }).split('\n');
  const properties = [
    '<properties>',
    ...[
      ['tool', 'gradproof 1.2 (abc)'],
      ['runtime', 'node 20.1'],
      ['os', 'linux'],
      ['cores', '3'],
      ['adapter.vendor', 'v'],
      ['adapter.architecture', 'a'],
      ['adapter.device', 'd'],
      ['adapter.description', 'D'],
      ['adapter.isFallback', 'false'],
      ['features', 'x y'],
      ['probe.rounding', 'nearest'],
      ['tier', 'slow'],
      ['filters', 'a* c*'],
      ['shard', '1/2'],
      ['seed', '7'],
      ['planHash', base.run.planHash],
    ].map(([name, value]) => `<property name="${name}" value="${value}"/>`),
    '</properties>',
  ];
  expect(lines).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="gradproof run" tests="2" failures="1" errors="0" skipped="0" time="4.000">',
    '<testsuite name="a" tests="1" failures="1" errors="0" skipped="0" time="1.500" timestamp="2026-11-19T09:00:00">',
    ...properties,
    '<testcase name="b;n=1 [webgpu]" classname="a" time="1.500">',
    '<failure type="far" message="too &quot;far&quot;">at [1, 2]: 0, expected 3&#10;1 check is wrong, it dispatches nn/silu</failure>',
    '</testcase>',
    '</testsuite>',
    '<testsuite name="c" tests="1" failures="0" errors="0" skipped="0" time="0.250" timestamp="2026-11-19T09:00:00">',
    ...properties,
    '<testcase name="d [webgpu]" classname="c" time="0.250"/>',
    '</testsuite>',
    '</testsuites>',
    '',
  ]);
});
