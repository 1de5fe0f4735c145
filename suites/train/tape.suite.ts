import { type Application, Tape } from '../../src/nn/tape.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const tapeSuite = suite('train.tape', { description: 'Automatic differentiation over ops' });

/** Small integers, so that every legal order of additions gives the same sums. */
function draw(t: CaseContext, stream: number, rows: number, cols: number): Value {
  const random = t.random(stream);
  return { shape: [rows, cols], data: random.fill(rows * cols, () => random.integer(-3, 3)) };
}

function upload(t: CaseContext, { shape, data }: Value): Tensor {
  return Tensor.from(t.gpu, hostTensorFrom('f32', shape, data));
}

async function download(tensor: Tensor | undefined): Promise<Value> {
  if (!tensor) throw new TypeError('there is no such gradient');
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

tapeSuite
  .case('accumulation')
  .desc('z = x w w uses w twice: its gradient must be the sum of the gradients of both uses, exactly.')
  .control('second use subtracted', (fault) => fault.shader('nn/accumulate_grad', 'a[i] + b[i]', 'a[i] - b[i]'))
  .run(async (t) => {
    const host = { x: draw(t, 1, 5, 7), w: draw(t, 2, 7, 7), dz: draw(t, 3, 5, 7) };
    using x = upload(t, host.x);
    using w = upload(t, host.w);
    using dz = upload(t, host.dz);
    using tape = new Tape(t.gpu, [w]);
    const once = tape.apply(matmul, { a: x, b: w }, {}, 'first').y;
    const twice = tape.apply(matmul, { a: once, b: w }, {}, 'second').y;
    const gradients = tape.backward(twice, dz);
    // dw = x^T (dz w^T) + (x w)^T dz
    const first = product(host.x, product(host.dz, host.w, false, true), true, false);
    const second = product(product(host.x, host.w, false, false), host.dz, true, false);
    const sum = first.data.map((value, i) => value + (second.data[i] as number));
    t.expectEqual('gradient of w', await download(gradients.get(w)), { shape: [7, 7], data: sum });
  });

tapeSuite
  .case('only-what-is-needed')
  .desc('Only gradients that lead to a watched tensor are computed: of two products in a row, the second alone, and of its operands one.')
  .control('operands taken for gradients', (fault) =>
    fault.launch('matmul.backward', ([gpu, context, variant]) => [gpu, { ...context, grads: { y: context.inputs.a } }, variant]),
  )
  .run(async (t) => {
    const host = { a: draw(t, 1, 6, 6), b: draw(t, 2, 6, 6), c: draw(t, 3, 6, 6), dz: draw(t, 4, 6, 6) };
    using a = upload(t, host.a);
    using b = upload(t, host.b);
    using c = upload(t, host.c);
    using dz = upload(t, host.dz);
    const trace: Application[] = [];
    using tape = new Tape(t.gpu, [c], trace);
    const frozen = tape.apply(matmul, { a, b }, {}, 'frozen').y;
    const gradients = tape.backward(tape.apply(matmul, { a: frozen, b: c }, {}, 'trained').y, dz);
    const computed = trace.flatMap(({ layer, gradients: of }) => (of ? [`${layer}: ${Object.keys(of).join(' ')}`] : [])).join('; ');
    t.expect(computed === 'trained: b', () => `gradients were computed of ${computed}`);
    t.expect(
      [...gradients.keys()].every((tensor) => tensor === c),
      () => 'a tensor that nobody watched has a gradient',
    );
    const expected = product(product(host.a, host.b, false, false), host.dz, true, false);
    t.expectEqual('gradient of c', await download(gradients.get(c)), expected);
  });
