import { capture } from '../../src/autograd/capture.ts';
import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Application } from '../../src/graph/call.ts';
import { abs } from '../../src/ops/math/abs.ts';
import { erf } from '../../src/ops/math/erf.ts';
import { exp } from '../../src/ops/math/exp.ts';
import { log } from '../../src/ops/math/log.ts';
import { maskedFill } from '../../src/ops/math/masked_fill.ts';
import { maximum } from '../../src/ops/math/maximum.ts';
import { minimum } from '../../src/ops/math/minimum.ts';
import { pow } from '../../src/ops/math/pow.ts';
import { rsqrt } from '../../src/ops/math/rsqrt.ts';
import { sqrt } from '../../src/ops/math/sqrt.ts';
import { tanh } from '../../src/ops/math/tanh.ts';
import { where } from '../../src/ops/math/where.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { erf as erfOf } from '../../src/reference/normal.ts';
import type { Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { WEIGHT_LIMIT } from './limits.ts';

export const functionsSuite = suite('train.functions', {
  description: 'A model that is written with functions of each element, choices and masks',
});

const ROWS = 5;
const IN = 6;
const OUT = 4;
const LR = 0.25;
const STEP = 2 ** -17;

type Names = 'w' | 'p' | 'x' | 'condition' | 'mask' | 'dy';
type Model = Readonly<Record<Names, Value>>;

/** The model's parameters, its batch, and the gradient that flows in. */
function draw(t: CaseContext): Model {
  const random = t.random();
  const of = (shape: readonly number[], element: () => number): Value => {
    const count = shape.reduce((size, n) => size * n, 1);
    return { shape, data: random.fill(count, () => Math.fround(element())) };
  };
  const normal = () => random.normal(0.5);
  const bit = () => random.integer(0, 1);
  return {
    w: of([IN, OUT], normal),
    p: of([OUT], () => random.uniform(0.5, 2)),
    x: of([ROWS, IN], normal),
    condition: of([ROWS, 1], bit),
    mask: of([ROWS, OUT], bit),
    dy: of([ROWS, OUT], () => random.normal()),
  };
}

/** Sum of dy y, by what Math has. */
function loss({ w, p, x, condition, mask, dy }: Model): number {
  const z = product(x, w, false, false).data;
  return z.reduce((sum, each, i) => {
    const h = Math.tanh(each);
    const power = Math.sqrt(Math.exp(h)) ** (p.data[i % OUT] as number);
    const e = erfOf(Math.log(power));
    const taken = condition.data[Math.floor(i / OUT)] ? Math.max(e, h) : Math.min(e, each);
    const y = mask.data[i] ? 0.5 : 1 / Math.sqrt(Math.exp(Math.abs(taken)));
    return sum + (dy.data[i] as number) * y;
  }, 0);
}

/** The gradient of a parameter by central differences. */
function slopes(model: Model, name: 'w' | 'p'): Value {
  const { shape, data } = model[name];
  const at = (i: number, by: number) =>
    loss({ ...model, [name]: { shape, data: data.with(i, (data[i] as number) + by) } });
  return { shape, data: data.map((_, i) => (at(i, STEP) - at(i, -STEP)) / (2 * STEP)) };
}

type Inputs = Readonly<Record<Exclude<Names, 'w' | 'p'>, Tensor>>;

/** The model on a tape. */
function forward(tape: Tape, w: Tensor, p: Tensor, { x, condition, mask }: Inputs): Tensor {
  const z = tape.apply(matmul, { a: x, b: w }, {}, 'linear').y;
  const h = tape.apply(tanh, { x: z }, {}, 'tanh').y;
  const root = tape.apply(sqrt, { x: tape.apply(exp, { x: h }, {}, 'exp').y }, {}, 'sqrt').y;
  const power = tape.apply(pow, { a: root, b: p }, {}, 'pow').y;
  const e = tape.apply(erf, { x: tape.apply(log, { x: power }, {}, 'log').y }, {}, 'erf').y;
  const a = tape.apply(maximum, { a: e, b: h }, {}, 'maximum').y;
  const b = tape.apply(minimum, { a: e, b: z }, {}, 'minimum').y;
  const taken = tape.apply(where, { condition, a, b }, {}, 'where').y;
  const size = tape.apply(abs, { x: taken }, {}, 'abs').y;
  const decay = tape.apply(exp, { x: size }, {}, 'decay').y;
  const y = tape.apply(rsqrt, { x: decay }, {}, 'rsqrt').y;
  return tape.apply(maskedFill, { x: y, mask }, { value: 0.5 }, 'masked').y;
}

const host = ({ shape, data }: Value, dtype: 'f32' | 'u8' = 'f32'): HostTensor =>
  hostTensorFrom(dtype, shape, data);

/** A device's tensors of the batch, which the case frees. */
function upload(t: CaseContext, model: Model): Inputs {
  return {
    x: Tensor.from(t.gpu, host(model.x)),
    condition: Tensor.from(t.gpu, host(model.condition, 'u8')),
    mask: Tensor.from(t.gpu, host(model.mask, 'u8')),
    dy: Tensor.from(t.gpu, host(model.dy)),
  };
}

async function expectNear(t: CaseContext, name: string, actual: Tensor, expected: Value) {
  const { shape, data } = expected;
  const most = WEIGHT_LIMIT * Math.max(...data.map(Math.abs));
  const read = { shape: actual.shape, data: valuesOf(await actual.read()) };
  const bound = new Float64Array(data.length).fill(most);
  t.expectAccepted(name, read, { shape, data }, { kind: 'within', bound });
}

functionsSuite
  .case('gradients')
  .desc(
    'Every call of a step is within the bounds of its record, and the gradients of both parameters are those of differences in float64.',
  )
  .control('half the slope of tanh', (fault) =>
    fault.shader('math/tanh_backward', '4.0 * small', '2.0 * small'),
  )
  .run(async (t) => {
    const model = draw(t);
    const inputs = upload(t, model);
    using w = Tensor.from(t.gpu, host(model.w));
    using p = Tensor.from(t.gpu, host(model.p));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [w, p], { trace });
    const gradients = tape.backward(forward(tape, w, p, inputs), inputs.dy);
    await expectNear(t, 'gradient of w', gradients.get(w) as Tensor, slopes(model, 'w'));
    await expectNear(t, 'gradient of p', gradients.get(p) as Tensor, slopes(model, 'p'));
    await judgeApplications(t, 1, trace);
    for (const tensor of Object.values(inputs)) tensor[Symbol.dispose]();
  });

functionsSuite
  .case('captured')
  .desc(
    'A captured step, whose functions of each element are fused, moves both parameters against the gradients of differences in float64.',
  )
  .control('the exponent is the gradient of the base', (fault) =>
    fault.shader('math/pow_by_exponent', 'power(a, b) * log(a)', 'power(a, b) * b'),
  )
  .run(async (t) => {
    const model = draw(t);
    const inputs = upload(t, model);
    using parameters = new FlatParameters(
      t.gpu,
      new Map([
        ['w', host(model.w)],
        ['p', host(model.p)],
      ]),
    );
    const w = parameters.view('w');
    const p = parameters.view('p');
    using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'sgd', lr: LR });
    using step = await capture(t.gpu, () => {
      using tape = new Tape(t.gpu, [w, p]);
      optimizer.update(tape.backward(forward(tape, w, p, inputs), inputs.dy));
      return {};
    });
    optimizer.advance();
    step.run();
    t.gpu.submit();
    for (const [name, tensor] of [
      ['w', w],
      ['p', p],
    ] as const) {
      const by = slopes(model, name).data;
      const data = model[name].data.map((value, i) => value - LR * (by[i] as number));
      await expectNear(t, name, tensor, { shape: model[name].shape, data });
    }
    for (const tensor of Object.values(inputs)) tensor[Symbol.dispose]();
  });
