import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FlatParameters } from '../autograd/flat-parameters.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Allocation } from '../gpu/memory.ts';
import { type Application, mapped } from '../graph/call.ts';
import { uniformsByName } from '../ops/fixtures/uniforms-by-name.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Fingerprints } from './fingerprints.ts';
import { LossScaler } from './loss-scaler.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';
import { type OptimizerParams, scaledRule } from './update-rule.ts';

const row = (length: number, value = 0) =>
  hostTensorFrom('f32', [length], new Array<number>(length).fill(value));
const ADAMW: OptimizerParams = {
  ...{ optimizer: 'adamw', lr: 0.5, betas: [0.5, 0.75], eps: 0.25, weight_decay: 0.125 },
};
const SGD: OptimizerParams = { optimizer: 'sgd', lr: 0.5, momentum: 0.75 };

/** Parameters a [3] and b [65], of 64 and 128 floats with their gaps, and their gradients. */
async function setUp(
  params: OptimizerParams,
  options: OptimizerOptions = {},
  { segmentBytes = 1024 } = {},
) {
  const { gpu } = await hostGpu();
  const initial = new Map([
    ['a', row(3, 1)],
    ['b', row(65, 2)],
  ]);
  const parameters = new FlatParameters(gpu, initial, { segmentBytes });
  const ofA = Tensor.from(gpu, row(3, 3));
  const ofB = Tensor.from(gpu, row(65, 4));
  const gradients = new Map([
    [parameters.view('a'), ofA],
    [parameters.view('b'), ofB],
  ]);
  const before = gpu.memory.ledger.liveBytes;
  const optimizer = new Optimizer(gpu, parameters, params, options);
  const known = new Map<Allocation, string>([
    [ofA.binding.memory, 'da'],
    [ofB.binding.memory, 'db'],
  ]);
  parameters.segments.pieces.forEach((piece, i, { length }) => {
    known.set(piece.binding.memory, length > 1 ? `param${i}` : 'param');
  });
  const live = () => gpu.memory.ledger.liveBytes - before;
  return { gpu, parameters, gradients, optimizer, known, live };
}

/** What is asked of the device; memory of no known name is numbered as it comes. */
function described(gpu: Gpu, known: Map<Allocation, string>, record: () => void) {
  const names = new Map(known);
  const nameOf = ({ memory, offset }: { memory: Allocation; offset: number }) => {
    if (!names.has(memory)) names.set(memory, `m${names.size - known.size + 1}`);
    return `${names.get(memory)}${offset ? `+${offset}` : ''}`;
  };
  return gpu
    .trace(record)
    .trace.commands.map((command) =>
      command.kind === 'copy'
        ? [`copy ${nameOf(command.from)} ${nameOf(command.to)}`, command.bytes]
        : [
            `${command.launch.shader.file} ${command.launch.bindings.map(nameOf).join(' ')}`,
            uniformsByName(command.launch),
          ],
    );
}

const SEGMENT = 192;
const clipping = (grad: string, shares: string, norm: string) => [
  [`optim/grad_norm_shares ${grad} ${shares}`, { count: SEGMENT, parts: 1, first: 0 }],
  [`optim/grad_norm ${shares} ${norm}`, { count: 1 }],
  [
    `optim/clip_grad_norm ${norm} ${grad}`,
    { count: SEGMENT, max_norm: 0.5, eps: Math.fround(1e-6) },
  ],
];

describe('an update', () => {
  test('gathers gradients, clips them by the norm of all, and steps at its rate', async () => {
    const schedule = { name: 'linear', total: 4 } as const;
    const { gpu, gradients, optimizer, known } = await setUp(ADAMW, {
      schedule,
      max_grad_norm: 0.5,
    });
    const at = (step: number, lr: number) => [
      ['copy da m1', 12],
      ['copy db m1+256', 260],
      ...clipping('m1', 'm2', 'm3'),
      [
        'optim/adamw_step m1 param m4 m5',
        {
          ...{ count: SEGMENT, decay: 1 - lr / 8, l2: 0, rest_of_beta1: 0.5, beta2: 0.75 },
          ...{ rest_of_beta2: 0.25, step_size: Math.fround(lr / (1 - 0.5 ** step)) },
          ...{ correction: Math.fround(Math.sqrt(1 - 0.75 ** step)), eps: 0.25 },
        },
      ],
    ];
    const update = () => described(gpu, known, () => optimizer.update(gradients));
    expect(optimizer.step).toBe(0);
    optimizer.advance();
    expect(update()).toEqual(at(1, 0.5));
    optimizer.advance();
    optimizer.advance();
    expect(update()).toEqual(at(3, 0.25));
    expect([optimizer.step, optimizer.lossScale]).toEqual([3, undefined]);
  });

  test('steps each segment, with nothing to clip', async () => {
    const { gpu, gradients, optimizer, known } = await setUp(SGD, {}, { segmentBytes: 512 });
    optimizer.advance();
    const step = (count: number) => ({
      ...{ count, lr: 0.5, l2: 0, keep: 0, gain: 1, direct: 0, ahead: 1 },
    });
    expect(described(gpu, known, () => optimizer.update(gradients))).toEqual([
      ['copy da m1', 12],
      ['copy db m2', 260],
      ['optim/sgd_step m1 param0 m3', step(64)],
      ['optim/sgd_step m2 param1 m4', step(128)],
    ]);
  });

  test('by 8-bit AdamW steps each parameter by itself, large ones in codes', async () => {
    const { gpu, gradients, optimizer, known, live } = await setUp({
      ...{ ...ADAMW, optimizer: 'adamw8bit', min_8bit_size: 4, blocksize: 32 },
    } as OptimizerParams);
    optimizer.advance();
    const commands = described(gpu, known, () => optimizer.update(gradients));
    expect(commands.map(([what]) => what)).toEqual([
      ...['copy da m1', 'copy db m1+256'],
      // Both moments of a; the maps, and codes and scales of both moments of b.
      'optim/adamw_step m1 param m2 m3',
      'optim/adamw8bit_step m1+256 m4 param+256 m5 m6 m7 m8 m4',
    ]);
    expect(commands.map(([, numbers]) => numbers).slice(2)).toMatchObject([
      { count: 3, decay: 0.9375, step_size: 1 },
      { count: 65, block: 32, decay: 0.9375, step_size: 1 },
    ]);
    const { tensors } = await optimizer.read();
    expect(
      Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, ...shape]),
    ).toEqual([
      ['param', 'f32', SEGMENT],
      ['a.exp_avg', 'f32', 3],
      ['a.exp_avg_sq', 'f32', 3],
      ['b.exp_avg', 'u8', 65],
      ['b.exp_avg_absmax', 'f32', 3],
      ['b.exp_avg_sq', 'u8', 65],
      ['b.exp_avg_sq_absmax', 'f32', 3],
    ]);
    optimizer[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('by 8-bit AdamW under loss scaling steps each parameter as the device found it', async () => {
    const { gpu, gradients, optimizer, known } = await setUp(
      {
        ...{ ...ADAMW, optimizer: 'adamw8bit', min_8bit_size: 4, blocksize: 32 },
      } as OptimizerParams,
      { grad_scaler: {} },
    );
    optimizer.advance();
    const commands = described(gpu, known, () => optimizer.update(gradients));
    const kernels = commands.map(([what]) => String(what).split(' ')[0]);
    expect(kernels.slice(-4)).toEqual([
      ...['optim/amp_adamw_step', 'optim/amp_step_rates', 'optim/adamw8bit_step'],
      'optim/amp_update_scale',
    ]);
    const { tensors } = await optimizer.read();
    expect(Object.keys(tensors)).toEqual([
      ...['param', 'a.exp_avg', 'a.exp_avg_sq', 'b.exp_avg', 'b.exp_avg_absmax', 'b.exp_avg_sq'],
      ...['b.exp_avg_sq_absmax', 'scale', 'growth_tracker', 'steps'],
    ]);
  });

  test.each<[string, OptimizerParams, OptimizerOptions]>([
    ['adamw', ADAMW, {}],
    ['adamw under loss scaling', ADAMW, { grad_scaler: {} }],
    ['sgd', { ...SGD, weight_decay: 0.25 }, {}],
    ['sgd under loss scaling', { ...SGD, weight_decay: 0.25 }, { grad_scaler: {} }],
    ['adadelta', { optimizer: 'adadelta', weight_decay: 0.25 }, {}],
  ])('of %s decays by name, the rest at a weight decay of 0', async (_, params, options) => {
    const stepsOf = async (own: OptimizerParams, more: OptimizerOptions) => {
      const { gpu, gradients, optimizer } = await setUp(own, { ...options, ...more });
      optimizer.advance();
      const { commands } = gpu.trace(() => optimizer.update(gradients)).trace;
      const steps = commands.filter(
        (one) =>
          one.kind === 'dispatch' && one.launch.shader.file.endsWith(`${own.optimizer}_step`),
      );
      return steps.map((one) => {
        if (one.kind !== 'dispatch') throw new TypeError('a copy');
        const { count, ...numbers } = uniformsByName(one.launch);
        return { count, numbers, at: one.launch.bindings.map(({ offset }) => offset) };
      });
    };
    const [whole] = await stepsOf(params, {});
    const [bare] = await stepsOf({ ...params, weight_decay: 0 }, {});
    const [a, b, ...others] = await stepsOf(params, { decays: (name) => name === 'b' });
    expect(others).toEqual([]);
    expect([whole?.count, a?.count, b?.count]).toEqual([192, 64, 128]);
    expect(a?.numbers).toEqual(bare?.numbers);
    expect(b?.numbers).toEqual(whole?.numbers);
    // All that is of the parameter begins where it does.
    expect(new Set(b?.at)).toEqual(new Set(options.grad_scaler ? [0, 256] : [256]));
    for (const decays of [() => true, () => false])
      expect(await stepsOf(params, { decays })).toEqual([decays() ? whole : bare]);
    expect(await stepsOf({ ...params, weight_decay: 0 }, { decays: () => false })).toEqual([bare]);
  });

  test('of 8-bit AdamW decays by name', async () => {
    const { gpu, gradients, optimizer, known } = await setUp(
      { ...{ ...ADAMW, optimizer: 'adamw8bit', min_8bit_size: 4 } } as OptimizerParams,
      { decays: (name) => name === 'a' },
    );
    optimizer.advance();
    const commands = described(gpu, known, () => optimizer.update(gradients));
    expect(commands.slice(2).map(([, numbers]) => numbers)).toMatchObject([
      { count: 3, decay: 0.9375 },
      { count: 65, decay: 1 },
    ]);
  });

  /** A table t of three tensors of 4, 4 and 1 rows. */
  async function ofTable(params: OptimizerParams, width: number) {
    const { gpu } = await hostGpu();
    const t = hostTensorFrom('f32', [9, width], new Array<number>(9 * width).fill(1));
    const parameters = new FlatParameters(gpu, new Map([['t', t]]), {
      segmentBytes: 256,
      rowsOf: () => [4, 4, 1],
    });
    return { optimizer: new Optimizer(gpu, parameters, params), parameters };
  }

  const IN_8_BITS = { ...ADAMW, optimizer: 'adamw8bit', blocksize: 64 } as OptimizerParams;

  test.each([
    [9 * 16, { 't.exp_avg': ['u8', 9, 16], 't.exp_avg_absmax': ['f32', 3] }],
    [9 * 16 + 1, { 't.exp_avg': ['f32', 9, 16] }],
  ])(
    'in 8 bits of %i numbers goes by a whole table, and keeps it by one name',
    async (least, kept) => {
      const params = { ...IN_8_BITS, min_8bit_size: least } as OptimizerParams;
      const { optimizer, parameters } = await ofTable(params, 16);
      const { tensors } = await optimizer.read();
      const found = mapped(tensors, ({ dtype, shape }) => [dtype, ...shape]);
      expect(found).toMatchObject(kept);
      expect(Object.keys(found).filter((name) => name.startsWith('t.'))).toHaveLength(
        2 * Object.keys(kept).length,
      );
      optimizer.write({ step: 3, tensors });
      expect((await optimizer.read()).tensors).toEqual(tensors);
      optimizer[Symbol.dispose]();
      parameters[Symbol.dispose]();
    },
  );

  test.each([
    [{ optimizer: 'muon', adjust_lr_fn: 'original' }, 'muon steps a matrix at once'],
    [{ ...IN_8_BITS, blocksize: 128 }, 'adamw8bit steps 128 numbers at once'],
  ])('refuses a table whose tensors it would step across: %j', async (params, message) => {
    await expect(ofTable(params as OptimizerParams, 16)).rejects.toThrow(
      `${message}, and t, which no kernel of this adapter reaches at once, is cut within them: take another optimizer`,
    );
  });

  test('under loss scaling unscales, finds, clips, steps and scales anew', async () => {
    const { gpu, gradients, optimizer, known, live } = await setUp(
      SGD,
      {
        grad_scaler: { init_scale: 8, growth_factor: 4, backoff_factor: 0.25, growth_interval: 7 },
        max_grad_norm: 0.5,
      },
      { segmentBytes: 512 },
    );
    optimizer.advance();
    const step = (count: number) => ({ count, rows: 2, l2: 0, direct: 0, ahead: 1 });
    const axes: readonly number[] = [];
    expect(described(gpu, known, () => optimizer.update(gradients))).toEqual([
      ['copy da m1', 12],
      ['copy db m2', 260],
      // The scale, and flags of each segment: not finite in any share of it, and in all.
      ['optim/amp_unscale m3 m1 m4', { count: 64, parts: 1 }],
      ['optim/amp_found_inf m4 m5', { count: 1 }],
      ['optim/amp_unscale m3 m2 m6', { count: 128, parts: 1 }],
      ['optim/amp_found_inf m6 m7', { count: 1 }],
      ['math/add m5 m7 m8', { count: 1, parameters: [0, 0], axes }],
      ['copy m8 m9', 4],
      ['optim/grad_norm_shares m1 m10', { count: 64, parts: 1, first: 0 }],
      ['optim/grad_norm_shares m2 m10', { count: 128, parts: 1, first: 1 }],
      ['optim/grad_norm m10 m11', { count: 2 }],
      ['optim/clip_grad_norm m11 m1', { count: 64, max_norm: 0.5, eps: Math.fround(1e-6) }],
      ['optim/clip_grad_norm m11 m2', { count: 128, max_norm: 0.5, eps: Math.fround(1e-6) }],
      // Steps that were taken, the rates, a segment and its buffer.
      ['optim/amp_sgd_step m1 m9 m12 m13 param0 m14', step(64)],
      ['optim/amp_sgd_step m2 m9 m12 m13 param1 m15', step(128)],
      [
        'optim/amp_update_scale m9 m3 m16 m12',
        { interval: 7, growth: 4, largest: (2 - 2 ** -23) * 2 ** 125, backoff: 0.25 },
      ],
    ]);
    expect([...((await optimizer.lossScale?.read())?.data ?? [])]).toEqual([8]);
    optimizer[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('of three segments leaves all out where one is not finite', async () => {
    const { gpu } = await hostGpu();
    const names = ['a', 'b', 'c'];
    const initial = new Map(names.map((name) => [name, row(64)]));
    using parameters = new FlatParameters(gpu, initial, { segmentBytes: 256 });
    const gradients = new Map(
      names.map((name) => [parameters.view(name), Tensor.zeros(gpu, [64])]),
    );
    using optimizer = new Optimizer(gpu, parameters, SGD, { grad_scaler: {} });
    const sums = described(gpu, new Map(), () => optimizer.update(gradients)).filter(([what]) =>
      /math\/add|copy|update_scale|amp_sgd/.test(String(what)),
    );
    // What was found in a and b, and that with what was found in c, which decides.
    const kernels = sums.slice(3).map(([what]) => what);
    const place = (i: number, at: number) => String(kernels[i]).split(' ')[at];
    expect(kernels.map((what) => String(what).split(' ')[0])).toEqual([
      ...['math/add', 'copy', 'math/add', 'copy'],
      ...['optim/amp_sgd_step', 'optim/amp_sgd_step', 'optim/amp_sgd_step'],
      'optim/amp_update_scale',
    ]);
    expect(place(1, 1)).toBe(place(0, 3));
    expect(place(2, 1)).toBe(place(1, 2));
    expect(place(3, 1)).toBe(place(2, 3));
    const all = place(3, 2);
    expect([4, 5, 6].map((i) => place(i, 2))).toEqual([all, all, all]);
    expect(place(7, 1)).toBe(all);
    expect(new Set([place(0, 1), place(0, 2), place(2, 2), place(1, 2), all]).size).toBe(5);
  });

  test('of gradients that come one by one is the same', async () => {
    const { gpu, gradients, optimizer, known } = await setUp(SGD, { keep_gradients: true });
    optimizer.advance();
    const whole = described(gpu, known, () => optimizer.update(gradients));
    const updating = () => {
      const { take, end } = optimizer.updating();
      for (const [parameter, gradient] of gradients) take(parameter, gradient);
      end();
    };
    expect(described(gpu, known, updating)).toEqual(whole);
  });

  test('of gradients that come one by one steps nothing where one did not', async () => {
    const { gpu, gradients, optimizer, parameters, known } = await setUp(SGD);
    const { take, end } = optimizer.updating();
    const a = parameters.view('a');
    const some = described(gpu, known, () => {
      take(a, gradients.get(a) as Tensor);
      expect(end).toThrow('there is no gradient of b');
    });
    expect(some).toEqual([['copy da m1', 12]]);
  });

  test('needs a gradient of every parameter', async () => {
    const { gradients, optimizer, parameters } = await setUp(SGD);
    gradients.delete(parameters.view('b'));
    expect(() => optimizer.update(gradients)).toThrow('there is no gradient of b');
  });
});

describe('an optimizer', () => {
  test('is of parameters', async () => {
    const { gpu } = await hostGpu();
    using none = new FlatParameters(gpu, new Map());
    expect(() => new Optimizer(gpu, none, SGD)).toThrow(
      'an optimizer needs parameters, and the model has none',
    );
  });

  test.each([
    [{ optimizer: 'lion', lr: 0.1 }, 'optimizer must be one of adamw, adam, sgd'],
    [{ optimizer: 'Adadelta', lr: 0.1 }, 'optimizer must be one of adamw'],
    [{ optimizer: 'sgd', lr: 0.1, amsgrad: true }, 'sgd has no "amsgrad"; it has optimizer, lr'],
    [{ optimizer: 'adam', maximize: true }, 'adam has no "maximize"'],
    [{ optimizer: 'adamw', lr: -1 }, 'lr must be a number of 0 or more, not -1'],
    [{ optimizer: 'adamw', betas: [1, 1] }, 'betas must be two numbers from 0 to less than 1'],
    [{ optimizer: 'adadelta', rho: 2 }, 'rho must be a number from 0 to 1, not 2'],
    [{ optimizer: 'muon', adjust_lr_fn: 'none' }, 'adjust_lr_fn must be one of original'],
    [{ optimizer: 'sgd', nesterov: true }, 'nesterov needs a momentum above 0'],
  ])(
    'is refused where it is not known, or is asked what it has not: %j',
    async (params, message) => {
      await expect(setUp(params as never)).rejects.toThrow(message);
    },
  );

  test.each<[OptimizerParams, OptimizerOptions, readonly string[]]>([
    [ADAMW, {}, ['param', 'exp_avg', 'exp_avg_sq']],
    [SGD, {}, ['param', 'momentum_buffer']],
    [
      { optimizer: 'adamw8bit', min_8bit_size: 4 },
      {},
      [
        ...['param', 'a.exp_avg', 'a.exp_avg_sq', 'b.exp_avg', 'b.exp_avg_absmax'],
        ...['b.exp_avg_sq', 'b.exp_avg_sq_absmax'],
      ],
    ],
    [SGD, { grad_scaler: {} }, ['param', 'momentum_buffer', 'scale', 'growth_tracker', 'steps']],
  ])('is read and written whole: %j with %j', async (params, options, names) => {
    const { optimizer, live } = await setUp(params, options);
    const state = await optimizer.read();
    expect([state.step, Object.keys(state.tensors)]).toEqual([0, names]);
    const others = Object.fromEntries(
      Object.entries(state.tensors).map(([name, { dtype, shape, data }], i) => [
        name,
        hostTensorFrom(dtype, shape, new Array(data.length).fill(i + 5)),
      ]),
    );
    optimizer.write({ step: 9, tensors: others });
    expect(await optimizer.read()).toEqual({ step: 9, tensors: others });
    const { param, ...rest } = others;
    expect(() => optimizer.write({ step: 3, tensors: rest })).toThrow('missing: param');
    const length = param?.shape[0] as number;
    const longer = { ...others, param: hostTensorFrom('f32', [length + 4], new Array(length + 4)) };
    expect(() => optimizer.write({ step: 3, tensors: longer })).toThrow(
      `mismatched: param (expected ${length}, got ${length + 4})`,
    );
    expect(await optimizer.read()).toEqual({ step: 9, tensors: others });
    optimizer[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('begins with zeros, and a scale as it is told', async () => {
    const { optimizer } = await setUp(SGD, { grad_scaler: { init_scale: 8 } });
    const { param: _, ...kept } = (await optimizer.read()).tensors;
    expect(Object.entries(kept).map(([name, { data }]) => [name, ...new Set(data)])).toEqual([
      ['momentum_buffer', 0],
      ['scale', 8],
      ['growth_tracker', 0],
      ['steps', 0],
    ]);
  });

  test('that cannot be made keeps nothing of its loss scaling', async () => {
    const { gpu } = await hostGpu();
    const zeros = vi.spyOn(Tensor, 'zeros').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    onTestFinished(() => zeros.mockRestore());
    const scaled = scaledRule(SGD, { name: 'constant' });
    expect(() => new LossScaler(gpu, {}, [scaled], 2)).toThrow('no memory');
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('keeps the gradients of its last step where it is asked to', async () => {
    const { optimizer, gradients, live } = await setUp(SGD, { keep_gradients: true });
    optimizer.advance();
    optimizer.update(gradients);
    const kept = await optimizer.readGradients();
    const expected = new Array<number>(SEGMENT).fill(0).fill(3, 0, 3).fill(4, 64, 129);
    expect([...(kept?.given.data ?? [])]).toEqual(expected);
    expect([...(kept?.taken.data ?? [])]).toEqual(expected);
    expect([...(kept?.norm.data ?? [])]).toEqual([0]);
    optimizer[Symbol.dispose]();
    expect(live()).toBe(0);
    const without = await setUp(SGD);
    expect(await without.optimizer.readGradients()).toBeUndefined();
  });

  test('keeps gradients as they were before they were clipped, and their norm', async () => {
    const { gpu, gradients, optimizer, known } = await setUp(SGD, {
      ...{ keep_gradients: true, max_grad_norm: 0.5 },
    });
    const record = () => optimizer.update(gradients);
    expect(
      described(gpu, known, record).filter(([what]) => /copy|clip/.test(String(what))),
    ).toEqual([
      ['copy da m1', 12],
      ['copy db m1+256', 260],
      ['copy m1 m2', 4 * SEGMENT],
      expect.arrayContaining(['optim/clip_grad_norm m4 m1']),
      ['copy m4 m5', 4],
    ]);
  });

  test('shows a judge what each stage was given and gave, and its rates', async () => {
    const schedule = { name: 'linear', warmup: 1, total: 4 } as const;
    const { gpu, gradients, optimizer, live } = await setUp(SGD, { schedule, max_grad_norm: 0.5 });
    const held = live();
    optimizer.advance();
    optimizer.advance();
    const shown: Application<Tensor>[] = [];
    const first: number[] = [];
    await optimizer.judgedUpdate(gradients, async (applications) => {
      shown.push(...applications);
      for (const { inputs, outputs } of applications) {
        for (const { binding } of Object.values({ ...inputs, ...outputs }))
          expect(gpu.memory.isLive(binding.memory)).toBe(true);
        if (inputs['g0']) first.push(...(await inputs['g0'].read()).data.slice(0, 3));
      }
    });
    // It begins with the gradients that are given.
    expect(first).toEqual([3, 3, 3]);
    expect(shown.map(({ op, layer, params }) => [layer, op.name, params])).toEqual([
      ['optimizer', 'clip_grad_norm', { max_norm: 0.5 }],
      [
        'optimizer',
        'sgd_step',
        {
          ...{ lr: 0.5, momentum: 0.75, dampening: 0, weight_decay: 0, nesterov: false },
          step: 2,
        },
      ],
      ['optimizer', 'lr_schedule', { base_lr: 1, steps: 5, ...schedule }],
    ]);
    expect(shown.map(({ inputs, outputs }) => [inputs, outputs].map(Object.keys))).toEqual([
      [['g0'], ['g0', 'norm']],
      [
        ['param', 'momentum_buffer', 'grad'],
        ['param', 'momentum_buffer'],
      ],
      [[], ['lr']],
    ]);
    expect(shown.map(({ variant }) => variant)).toEqual(['shares', 'vec4', 'host']);
    // Inputs are what the stage found: copies of what it changed.
    const [clip, step] = shown as [Application<Tensor>, Application<Tensor>];
    expect(clip.inputs['g0']).not.toBe(clip.outputs['g0']);
    expect(step.inputs['grad']).toBe(clip.outputs['g0']);
    expect(live()).toBe(held);
  });

  test('sums what each stage gave', async () => {
    const { gpu } = await hostGpu();
    using fingerprints = new Fingerprints(gpu);
    const see = vi.spyOn(fingerprints, 'see');
    const parameters = new FlatParameters(gpu, new Map([['a', row(3, 1)]]));
    const gradients = new Map([[parameters.view('a'), Tensor.from(gpu, row(3, 3))]]);
    using optimizer = new Optimizer(gpu, parameters, SGD, { fingerprints, max_grad_norm: 1 });
    optimizer.advance();
    optimizer.update(gradients);
    expect(see.mock.calls.map(([tensors]) => Object.keys(tensors))).toEqual([
      ['g0', 'norm'],
      ['param', 'momentum_buffer'],
    ]);
  });

  test('shows no rates under loss scaling, where they are part of a step', async () => {
    const { gradients, optimizer } = await setUp(SGD, { grad_scaler: { init_scale: 8 } });
    optimizer.advance();
    const shown: Application<Tensor>[] = [];
    await optimizer.judgedUpdate(gradients, async (applications) => {
      shown.push(...applications);
    });
    const growth = { growth_factor: 2, backoff_factor: 0.5, growth_interval: 2000 };
    expect(shown.map(({ op, params }) => [op.name, params])).toEqual([
      ['amp_unscale', {}],
      [
        'amp_sgd_step',
        {
          ...{ lr: 0.5, momentum: 0.75, dampening: 0, weight_decay: 0, nesterov: false },
          schedule: { name: 'constant' },
        },
      ],
      ['amp_update_scale', growth],
    ]);
    expect(shown.map(({ inputs, outputs }) => [inputs, outputs].map(Object.keys))).toEqual([
      [
        ['grad', 'scale'],
        ['grad', 'found_inf'],
      ],
      [
        ['param', 'momentum_buffer', 'grad', 'found_inf', 'steps'],
        ['param', 'momentum_buffer'],
      ],
      [
        ['scale', 'growth_tracker', 'steps', 'found_inf'],
        ['scale', 'growth_tracker', 'steps'],
      ],
    ]);
  });
});
