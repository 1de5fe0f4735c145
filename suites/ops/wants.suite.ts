import { Scope } from '../../src/gpu/scope.ts';
import { present } from '../../src/graph/call.ts';
import type { Launcher } from '../../src/ops/launcher.ts';
import { launchers } from '../../src/ops/registry.ts';
import { type OpRecord, type Sample, specOf } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { type DType, isFloat } from '../../src/tensor/dtype.ts';
import { type HostTensors, valuesOf } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor, type Tensors } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const wants = suite('ops.wants', {
  description: 'Backward passes compute the gradients that are wanted, and no others',
});

/** Ops whose kernels take longest to compile, where others ask for the same by the same code. */
const COMPILED_LONGEST: ReadonlySet<string> = new Set([
  'scaled_dot_product_attention',
  'bitnet_linear',
  'conv1d',
  'conv2d',
  'conv_transpose2d',
  'gguf_matmul',
  'hqq_matmul',
  'linear_8bit_lt',
  'matmul_4bit',
  'matmul_8bit',
  'matmul_8bit_lt',
  'matmul_nbits',
  'mlx_matmul',
  'quanto_linear',
  'quanto_matmul',
  'ternary_matmul',
]);

for (const [name, record] of records) {
  const samples = record.samples.filter(
    ({ grads, tier = 'quick', gradientTier = tier }) => grads && gradientTier === 'quick',
  );
  const op = launchers.get(name);
  if (!record.vjp || samples.length === 0 || !op) continue;
  wants
    .case('each-alone', { op: [name] })
    .tier(COMPILED_LONGEST.has(name) || !isChoice(record) ? 'full' : 'quick')
    .desc(
      'Asked for no gradient, the backward pass dispatches nothing; asked for one, it returns that one, and as among all of them.',
    )
    .control('everything is wanted', (fault) =>
      fault.launch(`${name}.backward`, ([gpu, context, variant]) => [
        gpu,
        { ...context, wants: new Set(differentiable(record, context.inputs)) },
        variant,
      ]),
    )
    .run((t) => expectEachAlone(t, record, op, fullest(t.random(), record, samples)));
}

/** Whether some of several gradients can be wanted; `#` stands for any number of inputs. */
function isChoice({ inputs }: OpRecord): boolean {
  const names = Object.keys(inputs).filter((name) => inputs[name]?.differentiable);
  return names.length > 1 || names.some((name) => name.endsWith('#'));
}

/** The sample with the most inputs, those with gradients twice; the first of several. */
function fullest(
  random: Random,
  record: OpRecord,
  samples: readonly Sample<object>[],
): Sample<object> {
  const sizes = samples.map(({ inputs }) => {
    const drawn = inputs(random);
    return Object.keys(drawn).length + differentiable(record, drawn).length;
  });
  return samples[sizes.indexOf(Math.max(...sizes))] as Sample<object>;
}

async function expectEachAlone(
  t: CaseContext,
  record: OpRecord,
  op: Launcher,
  sample: Sample<object>,
): Promise<void> {
  using scope = new Scope();
  const random = t.random();
  const upload = (hosts: HostTensors) =>
    scope.addAll(
      Object.fromEntries(
        Object.entries(hosts).map(([name, host]) => [name, Tensor.from(t.gpu, host)]),
      ),
    );
  // Not the first, whose kernels are the largest of a product's.
  const variant = (sample.variants ?? Object.keys(op.variants))
    .filter((name) => !op.variants[name]?.needs)
    .at(-1);
  const inputs = upload(sample.inputs(random));
  const grads = upload(sample.grads?.(random) ?? {});
  const outputs = scope.addAll(op.forward(t.gpu, inputs, sample.params, variant));
  const backward = (wanted: readonly string[]): Tensors => {
    const context = {
      inputs,
      outputs,
      grads,
      params: sample.params,
      wants: new Set(wanted),
      variant,
    };
    return scope.addAll(present(op.backward(t.gpu, context)));
  };

  const { dispatched } = t.gpu.recorder;
  const ofForward = [...dispatched];
  dispatched.clear();
  const none = Object.keys(backward([]));
  t.expect(
    none.length === 0 && dispatched.size === 0,
    () => `asked for nothing, it returned [${none}] by [${[...dispatched]}]`,
  );
  for (const kernel of ofForward) dispatched.add(kernel);
  const names = differentiable(record, inputs);
  const all = backward(names);
  for (const name of names) {
    const alone = backward([name]);
    t.expect(
      Object.keys(alone).join() === name,
      () => `asked for ${name}, it returned [${Object.keys(alone)}]`,
    );
    const [one, among] = await Promise.all([
      (alone[name] as Tensor).read(),
      (all[name] as Tensor).read(),
    ]);
    t.expectEqual(
      `gradient of ${name}`,
      { shape: one.shape, data: valuesOf(one) },
      { shape: among.shape, data: valuesOf(among) },
    );
  }
}

/** Inputs that have gradients here: of integers, as of a mask that hides, there are none. */
function differentiable(
  record: OpRecord,
  inputs: Readonly<Record<string, { readonly dtype: DType }>>,
): string[] {
  return Object.entries(inputs).flatMap(([name, { dtype }]) =>
    isFloat(dtype) && specOf(record.inputs, name)?.differentiable ? [name] : [],
  );
}
