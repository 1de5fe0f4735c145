import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { sha256 } from '../../formats/sha256.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { runCase } from '../../harness/worker/run-case.ts';
import { add } from '../../ops/math/add.ts';
import { matmul } from '../../ops/matmul/matmul.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { CaseContext } from '../../testing/context.ts';
import type { Breakable, Fault, FaultDeclaration } from '../../testing/fault.ts';
import { type Case, suite } from '../../testing/suite.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/**
 * What a case may do to a real device, and what the harness makes of it. Runs on npm webgpu with a
 * browser's SwiftShader.
 */

let provider: GPU;
let gpu: Gpu;

beforeAll(async () => {
  provider = await softwareProvider();
});
beforeEach(async () => {
  gpu ??= await Gpu.request(provider);
  if (gpu.lost) gpu = await Gpu.request(provider);
});
afterAll(() => gpu[Symbol.dispose]());

function declare(
  run: (t: CaseContext) => Promise<void>,
  faults: (fault: FaultDeclaration) => void = () => {},
): Case {
  const declared = suite('fixture', { description: 'what a case may do' });
  declared.case('does').control('the named fault', faults).run(run);
  return declared.cases[0] as Case;
}

const conditions = { ieee: true, seed: 1, control: false };
const outcomeOf = async (run: (t: CaseContext) => Promise<void>) =>
  (await runCase(declare(run), gpu, conditions)).outcome;

/** Asks the device for a buffer that it refuses: MAP_READ with STORAGE. */
const refused = ({ gpu: { device } }: CaseContext): void => {
  device.createBuffer({ size: 16, usage: 0x01 | 0x80 });
};

/** The variant that every adapter can run. */
const PLAIN = Object.keys(matmul.variants).find((variant) => !matmul.variants[variant]?.needs);

/** A product on the device, read back. */
async function multiply(t: CaseContext, variant = PLAIN): Promise<number> {
  using a = Tensor.from(t.gpu, hostTensorFrom('f32', [1, 2], [2, 3]));
  using b = Tensor.from(t.gpu, hostTensorFrom('f32', [2, 1], [5, 7]));
  using y = matmul.forward(t.gpu, { a, b }, {}, variant).y;
  return (await y.read()).data[0] as number;
}

test('evidence is recorded: kernels that were dispatched, assertions that held', async () => {
  const outcome = await outcomeOf(async (t) => {
    const y = await multiply(t);
    t.expect(y === 31, () => `${y}`);
    t.expect(true, () => '');
    t.metric('y', y);
    t.artifact('bytes', new TextEncoder().encode('abc'));
  });
  expect(outcome).toMatchObject({
    status: 'pass',
    assertions: 2,
    metrics: { y: 31 },
    control: { fault: 'the named fault', status: 'not-run' },
  });
  expect(outcome.kernels).toContain('matmul/register');
  expect(outcome.artifacts?.[0]).toEqual({
    name: 'bytes',
    bytes: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
});

test.each<[string, (t: CaseContext) => Promise<void>, object]>([
  [
    'an assertion fails',
    async (t) => t.expect(false, () => 'no'),
    { status: 'fail', error: { code: 'expectation', message: 'no' } },
  ],
  ['nothing is asserted', async () => {}, { status: 'fail', error: { code: 'nothing-asserted' } }],
  [
    'it throws',
    () => Promise.reject(new Error('oops')),
    { status: 'error', error: { code: 'exception', message: 'oops' } },
  ],
  [
    'it throws something odd',
    () => Promise.reject('odd'),
    { status: 'error', error: { message: 'odd' } },
  ],
  [
    'it skips',
    async (t) => t.skip('missing-library', 'torch'),
    { status: 'skip', skip: { code: 'missing-library', detail: 'torch' } },
  ],
  [
    'it leaks a tensor',
    async (t) => {
      Tensor.empty(t.gpu, 'f32', [8]);
      t.expect(true, () => '');
    },
    { status: 'fail', error: { code: 'leak', message: '32 bytes in 1 buffer were not freed' } },
  ],
  [
    'a validation error happens on the device',
    async (t) => {
      t.expect(true, () => '');
      refused(t);
    },
    { status: 'error', error: { code: 'gpu-validation' } },
  ],
  [
    'an assertion fails behind a validation error, whose consequence it may be',
    async (t) => {
      refused(t);
      t.expect(false, () => 'no');
    },
    { status: 'error', error: { code: 'gpu-validation' } },
  ],
  [
    'it skips behind a validation error',
    async (t) => {
      refused(t);
      t.skip('missing-library', 'torch');
    },
    { status: 'error', error: { code: 'gpu-validation' } },
  ],
  [
    'memory runs out',
    async (t) => {
      t.expect(true, () => '');
      t.gpu.device
        .createBuffer({ size: t.gpu.limits['maxBufferSize'] as number, usage: 0x80 })
        .destroy();
    },
    { status: 'error', error: { code: 'out-of-memory' } },
  ],
  [
    'the device is lost',
    async (t) => {
      t.gpu.device.destroy();
      t.expect((await multiply(t)) === 31, () => 'wrong');
    },
    { status: 'lost', error: { code: 'device-destroyed' } },
  ],
])('when %s', async (_, run, expected) => {
  expect(await outcomeOf(run)).toMatchObject(expected);
});

test(
  'a feature that the adapter lacks is a skip, and nothing of the case runs',
  covers('fsdp.utilities.skip-if-backend-unavailable/machine-readable-reason').control(
    'a skip does not say what is missing',
    { file: 'src/harness/worker/scopes.ts', from: 'detail: missing', to: "detail: ''" },
  ),
  async () => {
    const declared = suite('fixture', { description: '' });
    declared
      .case('needs')
      .needs('texture-compression-astc')
      .control('none', () => {})
      .run(() => Promise.reject(new Error('it ran')));
    expect((await runCase(declared.cases[0] as Case, gpu, conditions)).outcome).toMatchObject({
      status: 'skip',
      assertions: 0,
      skip: { code: 'missing-feature', detail: 'texture-compression-astc' },
    });
  },
);

test(
  'a case that needs what is not there is skipped before its body throws',
  covers('fsdp.utilities.skip-if-backend-unavailable/skipped-before-body').control(
    'the first that is needed is not looked for',
    {
      file: 'src/harness/worker/scopes.ts',
      from: 'declared.needs.find(',
      to: 'declared.needs.slice(1).find(',
    },
  ),
  async () => {
    const declared = suite('fixture', { description: '' });
    const began: string[] = [];
    for (const [name, feature] of [
      ['here', [...gpu.features][0]],
      ['missing', 'texture-compression-astc'],
    ] as const)
      declared
        .case(name)
        .needs(feature as 'shader-f16')
        .control('none', () => {})
        .run(async () => {
          began.push(name);
          throw new Error('it ran');
        });
    const ended = [];
    for (const one of declared.cases)
      ended.push((await runCase(one, gpu, conditions)).outcome.status);
    expect([ended, began]).toEqual([['error', 'skip'], ['here']]);
  },
);

/** What a result says of its files. */
const sumOf = async (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes: bytes.length, sha256: await sha256(bytes) };
};

test(
  'a result names the kernels that ran, and by SHA-256 the WGSL of each, as it was compiled',
  covers('fsdp.utilities.pattern-mocks-replaced/kernels-listed').control(
    'the sum is that of the text before a fault',
    {
      file: 'src/harness/worker/kernel-sums.ts',
      from: 'pipelines.codeOf(shader)',
      to: 'shader.code',
    },
  ),
  async () => {
    const from = 'terms < vec4u(row.terms)';
    const run = async () => {
      const { outcome } = await runCase(
        declare(async (t) => {
          const y = await multiply(t);
          t.expect(y > 0, () => `${y}`);
        }),
        gpu,
        conditions,
      );
      const [shader] = gpu.recorder.shaders;
      return { ...outcome, code: shader?.code ?? '' };
    };
    const { kernels, artifacts, code } = await run();
    expect(kernels).toEqual(['matmul/register']);
    const listed = async (text: string) => {
      const { sha256: sum } = await sumOf(text);
      return [{ name: 'kernels.json', ...(await sumOf(`{"matmul/register":["${sum}"]}`)) }];
    };
    expect(artifacts).toEqual(await listed(code));
    const to = 'terms <= vec4u(row.terms)';
    using _ = gpu.recorder.pipelines.edit('matmul/register', { from, to });
    expect((await run()).artifacts).toEqual(await listed(code.replace(from, to)));
  },
);

test(
  'a case whose control breaks a kernel is wrong where none ran',
  covers('fsdp.utilities.pattern-mocks-replaced/empty-kernels-fail').control('it passes', {
    file: 'src/harness/worker/scopes.ts',
    from: "'shader' in fault",
    to: "'shader' in fault && 'launch' in fault",
  }),
  async () => {
    const ending = async (faults: (fault: FaultDeclaration) => void, computes = false) => {
      const declared = declare(async (t) => {
        const y = computes ? await multiply(t) : 1;
        t.expect(y > 0, () => `${y}`);
      }, faults);
      const { status, error, kernels } = (await runCase(declared, gpu, conditions)).outcome;
      return [status, error?.code, kernels.length];
    };
    const byShader = (fault: FaultDeclaration) =>
      fault.shader('matmul/register', 'terms < vec4u(row.terms)', 'false');
    const byLaunch = (fault: FaultDeclaration) => fault.launch('matmul.forward', (args) => args);
    expect(await ending(byShader)).toEqual(['fail', 'no-kernel', 0]);
    expect(await ending(byShader, true)).toEqual(['pass', undefined, 1]);
    expect(await ending(byLaunch)).toEqual(['pass', undefined, 0]);
  },
);

test(
  'the device has the features that are wanted and that its adapter has',
  covers('triton.utilities.fixture-device/features-intersected').control(
    'a feature that the adapter has is not asked for',
    {
      file: 'src/gpu/device.ts',
      from: 'WANTED_FEATURES.filter((feature) => adapter.features.has(feature))',
      to: 'WANTED_FEATURES.filter((feature) => adapter.features.has(feature)).slice(1)',
    },
  ),
  async () => {
    const adapter = await provider.requestAdapter({ powerPreference: 'high-performance' });
    const wanted = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
    const both = wanted.filter((feature) => adapter?.features.has(feature));
    const ofLanguage = [...provider.wgslLanguageFeatures];
    expect([...gpu.features].filter((name) => !ofLanguage.includes(name)).sort()).toEqual(both);
    expect(wanted.filter((feature) => gpu.device.features.has(feature))).toEqual(both);
    expect(adapter?.features.size, 'it has others').toBeGreaterThan(gpu.device.features.size);
  },
);

test(
  'a device comes with what its adapter is: maker, architecture, whether it stands in, features and limits',
  covers('fsdp.utilities.get-available-device/adapter-info').control(
    'an adapter that stands in is not told as one',
    { file: 'src/gpu/device.ts', from: 'isFallback: isFallbackAdapter', to: 'isFallback: false' },
  ),
  async () => {
    const adapter = await provider.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new Error('there is no adapter');
    const { vendor, architecture, isFallbackAdapter, description } = adapter.info;
    expect(`${vendor}${description}`).toMatch(/\S/);
    expect(gpu.adapter).toMatchObject({
      vendor,
      architecture,
      description,
      isFallback: isFallbackAdapter,
    });
    for (const feature of ['shader-f16', 'subgroups', 'timestamp-query'])
      expect(gpu.features.has(feature), feature).toBe(adapter.features.has(feature));
    for (const limit of [
      'maxBufferSize',
      'maxStorageBufferBindingSize',
      'maxStorageBuffersPerShaderStage',
      'maxComputeWorkgroupStorageSize',
      'maxComputeInvocationsPerWorkgroup',
    ] as const) {
      expect(gpu.limits[limit], limit).toBe(adapter.limits[limit]);
      expect(gpu.device.limits[limit], limit).toBe(adapter.limits[limit]);
    }
  },
);

test(
  'a case that runs for several values is one case for each, with a result of its own',
  covers('triton.utilities.parametrised-rows/case-per-value').control(
    'a parameter has its first value alone',
    {
      file: 'src/testing/suite.ts',
      from: 'values.map((value) => ({ ...params, [key]: value }))',
      to: 'values.slice(0, 1).map((value) => ({ ...params, [key]: value }))',
    },
  ),
  async () => {
    const declared = suite('fixture', { description: '' });
    declared
      .case('is-one', { n: [1, 2], kind: ['x', 'y'] })
      .control('none', () => {})
      .run(async (t) => t.expect(t.params.n === 1 && t.params.kind.length === 1, () => 'no'));
    const outcomes = [];
    for (const one of declared.cases) outcomes.push((await runCase(one, gpu, conditions)).outcome);
    expect(outcomes.map(({ id, status }) => [id, status])).toEqual([
      ['fixture:is-one;n=1;kind=x', 'pass'],
      ['fixture:is-one;n=1;kind=y', 'pass'],
      ['fixture:is-one;n=2;kind=x', 'fail'],
      ['fixture:is-one;n=2;kind=y', 'fail'],
    ]);
  },
);

test('a write past the end of a guarded buffer fails its case, and not the next', async () => {
  /** Binds the memory of a 4-element result that a kernel takes for 8. */
  const overwrite = async (t: CaseContext, assertion: boolean) => {
    t.gpu.memory.guarded = true;
    using a = Tensor.from(t.gpu, hostTensorFrom('f32', [8, 1], new Float64Array(8).fill(1)));
    using b = Tensor.from(t.gpu, hostTensorFrom('f32', [1, 1], [1]));
    using y = Tensor.empty(t.gpu, 'f32', [4]);
    t.gpu.copy(a.binding, y.binding, 32);
    await b.read();
    t.expect(assertion, () => 'no');
  };
  expect(await outcomeOf((t) => overwrite(t, true))).toMatchObject({
    status: 'fail',
    error: { code: 'guard-overwritten' },
  });
  expect(await outcomeOf((t) => overwrite(t, false))).toMatchObject({
    status: 'fail',
    error: { code: 'expectation' },
  });
  expect(
    await outcomeOf(async (t) => t.expect((await multiply(t)) === 31, () => 'wrong')),
  ).toMatchObject({ status: 'pass' });
});

test('a control breaks the shader, the launch or the host function that it names, for one run', async () => {
  const half = seam('test.half', (x: number) => x / 2);
  const faults: readonly ((fault: FaultDeclaration) => void)[] = [
    (fault) =>
      fault.shader('matmul/register', 'terms < vec4u(row.terms)', 'terms + 1u < vec4u(row.terms)'),
    (fault) =>
      fault.launch('matmul.forward', ([device, { a }, ...rest]) => [
        device,
        { a, b: a.view([2, 1]) },
        ...rest,
      ]),
    (fault) => fault.host('test.half', () => (x: number) => x),
  ];
  for (const fault of faults) {
    const declared = declare(async (t) => {
      const y = half(await multiply(t));
      t.expect(y === 15.5, () => `${y}`);
    }, fault);
    expect((await runCase(declared, gpu, { ...conditions, control: true })).outcome.status).toBe(
      'fail',
    );
    expect((await runCase(declared, gpu, conditions)).outcome.status).toBe('pass');
  }
});

test('a body breaks what the case declares, and nothing else', async () => {
  const to = (text: string): Fault => ({
    shader: { file: 'matmul/register', from: 'terms < vec4u(row.terms)', to: text },
  });
  const half: Fault = { host: { seam: 'test.whole', wrap: () => (x: number) => x / 2 } };
  const whole = seam('test.whole', (x: number) => x);
  const ending = async (declared: readonly Breakable[], injected: Fault) => {
    const fixture = suite('fixture', { description: 'what a body may break' });
    fixture
      .case('breaks')
      .control('none', [])
      .injects(...declared)
      .run(async (t) => {
        using injector = t.injector();
        injector.inject(injected);
        const y = whole(await multiply(t));
        t.expect(y === 31, () => `${y}`);
      });
    return (await runCase(fixture.cases[0] as Case, gpu, conditions)).outcome;
  };
  const broken = to('terms + 1u < vec4u(row.terms)');
  expect(await ending([broken], broken)).toMatchObject({
    status: 'fail',
    error: { code: 'expectation', message: '10' },
  });
  expect(await ending([{ host: { seam: 'test.whole' } }], half)).toMatchObject({
    status: 'fail',
    error: { code: 'expectation', message: '15.5' },
  });
  for (const [declared, injected] of [
    [[], broken],
    [[to('terms + 2u < vec4u(row.terms)'), half], broken],
    [[broken, { launch: { seam: 'test.whole' } }], half],
  ] as const)
    expect(await ending(declared, injected)).toMatchObject({
      status: 'error',
      error: { code: 'undeclared-fault' },
    });
  expect((await ending([], broken)).error?.message).toBe(
    'this case injects a fault at "terms < vec4u(row.terms)" of matmul/register and does not declare it: name it in .injects()',
  );
  const after = await outcomeOf(async (t) => {
    const y = whole(await multiply(t));
    t.expect(y === 31, () => `${y}`);
  });
  expect(after.status).toBe('pass');
});

test('an error that is legal but not typical fails where the adapter rounds to nearest', async () => {
  const declared = declare(async (t) => {
    const one = (x: number) => ({ shape: [1], data: Float64Array.of(x) });
    t.expectAccepted('y', one(1 + 2 ** -21), one(1), {
      kind: 'within',
      bound: one(2 ** -20).data,
      typical: one(2 ** -22).data,
    });
  });
  const { outcome } = await runCase(declared, gpu, conditions);
  expect(outcome).toMatchObject({
    status: 'fail',
    error: { code: 'untypical' },
    accuracy: { boundUsed: 0.5, typicalUsed: 2 },
  });
  expect((await runCase(declared, gpu, { ...conditions, ieee: false })).outcome.status).toBe(
    'pass',
  );
});

test('details tell the constants of each kernel that ran', async () => {
  const declared = declare(async (t) =>
    t.expect((await multiply(t, 'subgroup')) === 31, () => 'wrong'),
  );
  const { outcome, details } = await runCase(declared, gpu, { ...conditions, details: true });
  expect(outcome.status).toBe('pass');
  expect(details?.pipelines).toEqual({
    'matmul/register': [{ LANES: expect.any(Number), ROWS: 1 }],
  });
});

test('two faults in one shader are an error: one of them would be lost', async () => {
  const declared = declare(
    async (t) => t.expect((await multiply(t)) === 31, () => 'wrong'),
    (fault) => {
      for (const to of ['terms + 1u < vec4u(row.terms)', 'terms + 2u < vec4u(row.terms)'])
        fault.shader('matmul/register', 'terms < vec4u(row.terms)', to);
    },
  );
  expect((await runCase(declared, gpu, { ...conditions, control: true })).outcome.status).toBe(
    'error',
  );
  expect((await runCase(declared, gpu, conditions)).outcome.status).toBe('pass');
});

test('the control of a fault whose fragment is missing is not red', async () => {
  const brokenIn = async (file: string, run: (t: CaseContext) => Promise<number>) => {
    const declared = declare(
      async (t) => t.expect((await run(t)) === 31, () => 'wrong'),
      (fault) => fault.shader(file, 'this is not in the shader', ''),
    );
    return (await runCase(declared, gpu, { ...conditions, control: true })).outcome.status;
  };
  const sum = async (t: CaseContext) => {
    using a = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [30]));
    using b = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [1]));
    using y = add.forward(t.gpu, { a, b }, {}).y;
    return (await y.read()).data[0] as number;
  };
  expect(await brokenIn('math/add', sum)).toBe('error');
  // It may be in another text of a shader that is linked in several ways.
  expect(await brokenIn('matmul/register', multiply)).toBe('pass');
});
