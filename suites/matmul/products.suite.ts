import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { mapped, present } from '../../src/graph/call.ts';
import { loraLinear } from '../../src/ops/lora/lora_linear.ts';
import { convert } from '../../src/ops/math/convert.ts';
import { sumToSize } from '../../src/ops/math/sum.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { productWith } from '../../src/ops/matmul/matmul_quantized.ts';
import { format as nf4 } from '../../src/quant/nf4/format.ts';
import { packNibbles } from '../../src/quant/packing/nibbles.ts';
import { record as ggufMatmul } from '../../src/reference/matmul/gguf_matmul.ts';
import type { Sample, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { coordinatesOf, type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeResults } from '../../src/testing/judge-call.ts';
import { parseShape, suite } from '../../src/testing/suite.ts';
import { signatureOf } from '../../src/vocabulary/registry.ts';
import type { GivenParams } from '../../src/vocabulary/signature.ts';

const matmul4bit = productWith(nf4);

export const products = suite('matmul.products', {
  description:
    'What the records of the products cannot say: refusals, wanted gradients, grids of many batches, sums over repeats',
});

/** Skips a case of a variant that the adapter cannot run. */
function needs(t: CaseContext, variant: string): void {
  const missing = matmul.variants[variant]?.needs?.find((feature) => !t.gpu.features.has(feature));
  if (missing) t.skip('missing-feature', missing);
}

/** A tensor of small integers that depend on the index. */
function counted(t: CaseContext, shape: Shape): Tensor {
  return Tensor.from(
    t.gpu,
    hostTensorFrom(
      'f32',
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i % 7) - 3),
    ),
  );
}

async function readValue(tensor: Tensor): Promise<Value> {
  return { shape: tensor.shape, data: valuesOf(await tensor.read()) };
}

/** Tensors by name; some may be absent. */
type Named = Readonly<Record<string, Tensor | undefined>>;

function freeAll(tensors: Named): void {
  for (const tensor of Object.values(tensors)) tensor?.[Symbol.dispose]();
}

/** The code of the error that `run` throws; `none` when it returns. */
function refusal(run: () => Named): string {
  return codeOf(() => freeAll(run()));
}

/** Sums a tensor of `shape` to `size` on the device, and compares with the sum in float64. */
async function expectSum(t: CaseContext, shape: Shape, size: Shape): Promise<void> {
  using x = counted(t, shape);
  using y = sumToSize(t.gpu, x, size);
  const truth = new Float64Array(sizeOf(size));
  (await readValue(x)).data.forEach((value, i) => {
    const at = coordinatesOf(i, shape).slice(shape.length - size.length);
    const to = size.reduce((flat, n, d) => flat * n + (n === 1 ? 0 : (at[d] as number)), 0);
    truth[to] = (truth[to] as number) + value;
  });
  t.expectEqual('y', await readValue(y), { shape: size, data: truth });
}

const WEIGHT = { quant_type: 'nf4', blocksize: 64, out_features: 6, in_features: 10 } as const;

/** The refusal of a 4-bit product in which one operand, or none, is wrong. */
function refusal4bit(t: CaseContext, wrong: unknown): string {
  using x = counted(t, [3, wrong === 'x' ? 9 : 10]);
  using packed = Tensor.from(
    t.gpu,
    hostTensorFrom(
      'u8',
      [wrong === 'codes' ? 29 : 30, 1],
      new Uint8Array(wrong === 'codes' ? 29 : 30),
    ),
  );
  using absmax = counted(t, [wrong === 'scales' ? 2 : 1]);
  const params = { ...WEIGHT, blocksize: wrong === 'blocksize' ? 48 : 64 };
  return refusal(() => matmul4bit.forward(t.gpu, { x, packed, absmax }, params, 'register'));
}

products
  .case('accepts-4bit')
  .desc('A 4-bit product whose operands fit is computed: the twin of the refusals.')
  .control('block size that no format has', (fault) =>
    fault.launch('matmul_4bit.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, blocksize: 48 },
      variant,
    ]),
  )
  .run(async (t) => {
    const code = refusal4bit(t, 'nothing');
    t.expect(code === 'none', () => `operands that fit are refused with ${code}`);
  });

products
  .case('refuses-4bit', { wrong: ['blocksize', 'codes', 'scales', 'x'] })
  .desc('A 4-bit product in which one operand does not fit is refused with code shape.')
  .control('operands cut until they fit', (fault) =>
    fault.launch('matmul_4bit.forward', ([gpu, { x, packed, absmax }, , variant]) => [
      gpu,
      { x: x.view([1, 1]), packed: packed.view([1, 1]), absmax: absmax.view([1]) },
      { ...WEIGHT, out_features: 1, in_features: 1 },
      variant,
    ]),
  )
  .run(async (t) => {
    const code = refusal4bit(t, t.params['wrong']);
    t.expect(code === 'shape', () => `a wrong ${t.params['wrong']} gives ${code}`);
  });

products
  .case('refuses-lora', { wrong: ['magnitude', 'weight', 'rank'] })
  .desc(
    'DoRA without a magnitude, a missing weight and an adapter of another rank are refused by their shape.',
  )
  .control('operands that fit', (fault) =>
    fault.launch('lora_linear.forward', ([gpu, { x, lora_A, lora_B }, , variant]) => [
      gpu,
      { x, weight: x.view([1, 5]), lora_A: lora_A.view([1, 5]), lora_B: lora_B.view([1, 1]) },
      { r: 1, alpha: 1 },
      variant,
    ]),
  )
  .run(async (t) => {
    const wrong = t.params['wrong'];
    using x = counted(t, [3, 5]);
    using weight = counted(t, [4, 5]);
    using lora_A = counted(t, [2, 5]);
    using lora_B = counted(t, [4, 2]);
    const inputs = wrong === 'weight' ? { x, lora_A, lora_B } : { x, weight, lora_A, lora_B };
    const params = { r: wrong === 'rank' ? 3 : 2, alpha: 2, use_dora: wrong === 'magnitude' };
    const code = refusal(() => loraLinear.forward(t.gpu, inputs, params, 'register'));
    t.expect(code === 'shape', () => `a wrong ${wrong} gives ${code}`);
  });

products
  .case('wanted-gradients', { wants: ['x', 'lora_A', 'lora_B'] })
  .desc('The backward pass of a LoRA linear computes the gradient that is wanted and no other.')
  .control('everything is wanted', (fault) =>
    fault.launch('lora_linear.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, wants: new Set(['x', 'lora_A', 'lora_B']) },
      variant,
    ]),
  )
  .run(async (t) => {
    using x = counted(t, [3, 5]);
    using weight = counted(t, [4, 5]);
    using lora_A = counted(t, [2, 5]);
    using lora_B = counted(t, [4, 2]);
    using dy = counted(t, [3, 4]);
    const inputs = { x, weight, lora_A, lora_B };
    const params = { r: 2, alpha: 2 };
    const outputs = loraLinear.forward(t.gpu, inputs, params, 'register');
    const wants = new Set([String(t.params['wants'])]);
    const gradients = loraLinear.backward(t.gpu, {
      inputs,
      outputs,
      grads: { y: dy },
      params,
      wants,
      variant: 'register',
    });
    const names = Object.keys(gradients);
    freeAll(outputs);
    freeAll(gradients);
    t.expect(names.join() === [...wants].join(), () => `the gradients of ${names} were computed`);
  });

products
  .case('bias-times-0')
  .desc('Of a bias times 0 nothing is read, not a NaN either, as torch.addmm documents it.')
  .control('beta is 1', (fault) =>
    fault.launch('matmul.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, beta: 1 },
      variant,
    ]),
  )
  .run(async (t) => {
    using a = counted(t, [5, 7]);
    using b = counted(t, [7, 6]);
    using bias = Tensor.from(
      t.gpu,
      hostTensorFrom('f32', [6], new Float32Array(6).fill(Number.NaN)),
    );
    using plain = matmul.forward(t.gpu, { a, b }, {}, 'register').y;
    using y = matmul.forward(t.gpu, { a, b, bias }, { beta: 0 }, 'register').y;
    t.expectEqual('y', await readValue(y), await readValue(plain));
  });

/** Of blocks of q4_k, whose last word is no scale: what lies past the end may read as it. */
const LAST_BLOCK = ggufMatmul.samples.find(
  ({ label, variants }) =>
    label['type'] === 'q4_k' && label['out'] === 18 && variants?.includes('register'),
) as Sample<object>;

products
  .case('past-the-last-block')
  .desc(
    'Without a guard behind the weight no row of blocks past the last one goes into the gradient of x.',
  )
  .control('the row behind the last', (fault) =>
    fault.shader('matmul/register', 'dims.right, col, dims.k - 1u', 'dims.right, col, dims.k'),
  )
  .run(async (t) => {
    const random = t.random();
    const { params, level } = LAST_BLOCK;
    const forward = {
      ...{ op: signatureOf('gguf_matmul'), params, level, variant: 'register' },
      inputs: LAST_BLOCK.inputs(random),
    };
    const call = { ...forward, grads: LAST_BLOCK.grads?.(random) ?? {}, wants: ['x'] };
    judgeResults(t, call, await new WebGpuBackend(t.gpu).run(call));
  });

/** Normal numbers in halves. */
function normals(t: CaseContext, stream: number, dtype: 'f16' | 'bf16', shape: Shape): Tensor {
  const random = t.random(stream);
  const values = random.fill(sizeOf(shape), () => random.normal());
  return Tensor.from(t.gpu, hostTensorFrom(dtype, shape, values));
}

for (const storage of ['f16', 'bf16'] as const)
  for (const variant of Object.keys(matmul.variants))
    products
      .case('stores-halves', { storage: [storage], variant: [variant] })
      .tier(storage === 'bf16' && variant === 'register' ? 'quick' : 'full')
      .desc(
        'A product and gradients whose rows are whole fours are stored in halves: what a cast makes of those in float32.',
      )
      .control('halves of a word exchanged', (fault) => {
        for (const file of ['matmul/register', 'matmul/workgroup', 'matmul/quad', 'matmul/split'])
          fault.shader(file, 'pack_four(results, STORAGE_Y)', 'pack_four(results.yxwz, STORAGE_Y)');
      })
      .run(async (t) => {
        const { storage } = t.params;
        needs(t, variant);
        t.gpu.memory.guarded = true;
        using scope = new Scope();
        const of = (stream: number, shape: Shape) => scope.add(normals(t, stream, storage, shape));
        const halves = { a: of(0, [2, 19, 12]), b: of(1, [12, 20]), dy: of(2, [2, 19, 20]) };
        const floats = mapped(halves, (x) => scope.add(convert(t.gpu, x, 'f32')));
        const made = [halves, floats].map(({ a, b, dy }) => {
          const inputs = { a, b };
          const outputs = matmul.forward(t.gpu, inputs, {}, variant);
          const wants = new Set(['a', 'b']);
          const call = { inputs, outputs, grads: { y: dy }, params: {}, wants, variant };
          return scope.addAll(present({ ...outputs, ...matmul.backward(t.gpu, call) }));
        });
        const [stored = {}, exact = {}] = made;
        for (const name of ['y', 'a', 'b']) {
          const cast = scope.add(convert(t.gpu, exact[name] as Tensor, storage));
          t.expectEqual(name, await readValue(stored[name] as Tensor), await readValue(cast));
        }
      });

products
  .case('infinity-stays', { variant: Object.keys(matmul.variants) })
  .desc(
    'An infinity spoils its own row or column of the product and no other: what is read past the end of a sum adds nothing.',
  )
  .control('the first row spoiled too', (fault) =>
    fault.launch('matmul.forward', ([gpu, { a, b }, params, variant]) => [
      gpu,
      { a: b, b: a },
      params,
      variant,
    ]),
  )
  .run(async (t) => {
    const variant = String(t.params['variant']);
    needs(t, variant);
    const size = 21;
    const place = 10;
    // Row 10 of a, and column 10 of b, which is stored transposed, begin with an infinity.
    const spoilt = Float32Array.from({ length: size * size }, (_, i) =>
      i === place * size ? Number.POSITIVE_INFINITY : 1 + (i % 5),
    );
    const whole = Float32Array.from({ length: size * size }, (_, i) => 1 + (i % 3));
    using a = Tensor.from(t.gpu, hostTensorFrom('f32', [size, size], spoilt));
    using b = Tensor.from(t.gpu, hostTensorFrom('f32', [size, size], whole));
    using rows = matmul.forward(t.gpu, { a, b }, { transpose_b: true }, variant).y;
    using cols = matmul.forward(t.gpu, { a: b, b: a }, { transpose_b: true }, variant).y;
    const byRow = (await readValue(rows)).data;
    const byColumn = (await readValue(cols)).data;
    const dot = (i: number, j: number) =>
      whole
        .subarray(j * size, (j + 1) * size)
        .reduce((sum, x, k) => sum + x * (spoilt[i * size + k] as number), 0);
    const truth = Float64Array.from({ length: size * size }, (_, i) =>
      dot(Math.floor(i / size), i % size),
    );
    const finite = (data: Float64Array, rowOf: (i: number) => number) =>
      data.filter((_, i) => rowOf(i) !== place);
    const row = (i: number) => Math.floor(i / size);
    const col = (i: number) => i % size;
    const shape = [size * (size - 1)];
    t.expectEqual('rows', { shape, data: finite(byRow, row) }, { shape, data: finite(truth, row) });
    const transposed = truth.map((_, i) => truth[col(i) * size + row(i)] as number);
    t.expectEqual(
      'columns',
      { shape, data: finite(byColumn, col) },
      { shape, data: finite(transposed, col) },
    );
    t.expect(
      byRow.every((x, i) => row(i) !== place || x === Number.POSITIVE_INFINITY),
      () => 'the row of the infinity is not infinite',
    );
  });

products
  .case('infinite-neighbour', { variant: Object.keys(matmul.variants) })
  .desc(
    'Products of columns, of terms that are no fours, are exact where the matrix behind each is infinite: nothing of it is read.',
  )
  .control('every product doubled', (fault) =>
    fault.launch('matmul.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, alpha: 2 },
      variant,
    ]),
  )
  .run(async (t) => {
    const variant = String(t.params['variant']);
    needs(t, variant);
    const terms = 5;
    const rows = 8;
    const cols = 12;
    const matrices = (size: number) =>
      hostTensorFrom(
        'f32',
        [2, terms, size],
        Float32Array.from({ length: 2 * terms * size }, (_, i) =>
          i < terms * size ? (i % 7) - 3 : Number.POSITIVE_INFINITY,
        ),
      );
    const left = matrices(rows);
    const right = matrices(cols);
    using a = Tensor.from(t.gpu, left);
    using b = Tensor.from(t.gpu, right);
    using y = matmul.forward(t.gpu, { a, b }, { transpose_a: true }, variant).y;
    const { data } = await readValue(y);
    const truth = Float64Array.from({ length: rows * cols }, (_, i) => {
      const row = Math.floor(i / cols);
      const col = i % cols;
      let sum = 0;
      for (let k = 0; k < terms; k++)
        sum += (left.data[k * rows + row] as number) * (right.data[k * cols + col] as number);
      return sum;
    });
    const shape = [rows * cols];
    t.expectEqual('first', { shape, data: data.slice(0, rows * cols) }, { shape, data: truth });
  });

products
  .case('many-batches')
  .tier('full')
  .desc(
    'A product of more batches than a dimension of the grid has workgroups: every batch is computed, and exactly.',
  )
  .control('the second dispatch repeats the first', (fault) =>
    fault.shader('matmul/register', 'dims.first_batch + z', 'z'),
  )
  .run(async (t) => {
    const batches = 65_600;
    // So that an element that is not written is a NaN and not what an earlier run left there.
    t.gpu.memory.guarded = true;
    using a = counted(t, [batches, 1, 2]);
    using b = counted(t, [batches, 2, 1]);
    using y = matmul.forward(t.gpu, { a, b }, {}, 'register').y;
    const left = await readValue(a);
    const right = await readValue(b);
    const term = (i: number) => (left.data[i] as number) * (right.data[i] as number);
    t.expectEqual('y', await readValue(y), {
      shape: y.shape,
      data: Float64Array.from({ length: batches }, (_, i) => term(2 * i) + term(2 * i + 1)),
    });
  });

products
  .case('sum-to-size', { size: ['2x1x4x1', '1x3x1x5', '5', '1'] })
  .desc(
    'What was repeated along some dimensions is summed over them, as torch.Tensor.sum_to_size; integers, so exactly.',
  )
  .control('last term dropped', (fault) =>
    fault.shader('math/reduce_sum', 'terms < vec4u(run.end)', 'terms + 1u < vec4u(run.end)'),
  )
  .run((t) => expectSum(t, [2, 3, 4, 5], parseShape(String(t.params['size']))));

products
  .case('sum-to-size-alternating')
  .desc(
    'Four dimensions that stay between four that are summed, the most that the kernel takes; none can be merged.',
  )
  .control('an index runs over', (fault) =>
    fault.shader('math/reduce_sum', 'rest % dims.axes[d].x', 'rest'),
  )
  .run((t) => expectSum(t, [2, 3, 2, 2, 3, 2, 2, 3], [2, 1, 2, 1, 3, 1, 2, 1]));

products
  .case('four-batch-axes')
  .desc(
    'Batch dimensions along which a and b repeat in turn, the most that a kernel takes: every batch meets its own matrices.',
  )
  .control('an index runs over', (fault) =>
    fault.shader('matmul/register', 'index / (s.w * s.z) % s.y', 'index / (s.w * s.z)'),
  )
  .run(async (t) => {
    using a = counted(t, [2, 1, 3, 1, 2, 3]);
    using b = counted(t, [1, 2, 1, 2, 3, 5]);
    using y = matmul.forward(t.gpu, { a, b }, {}, 'register').y;
    const left = (await readValue(a)).data;
    const right = (await readValue(b)).data;
    const shape = [2, 2, 3, 2, 2, 5];
    const truth = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const [p, q, r, s, row, col] = coordinatesOf(i, shape) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const atA = ((p * 3 + r) * 2 + row) * 3;
      const atB = (q * 2 + s) * 15 + col;
      return [0, 1, 2].reduce(
        (sum, k) => sum + (left[atA + k] as number) * (right[atB + 5 * k] as number),
        0,
      );
    });
    t.expectEqual('y', await readValue(y), { shape, data: truth });
  });

products
  .case('shapes', { a: ['2x2x2x2x2x3x4', '2x1x3x1x2x3x4', '3x1x3x4', '4', '3x4'] })
  .desc(
    'Batch dimensions that fit a kernel only where they are merged, with each other or with the rows; vectors, which no transpose changes.',
  )
  .control('one added to every element', (fault) =>
    fault.shader('matmul/register', 'dims.scale * sums;', 'dims.scale * sums + 1.0;'),
  )
  .run(async (t) => {
    const shapeA = parseShape(String(t.params['a']));
    const shapeB =
      { 1: [4, 5], 2: [4], 4: [3, 1, 4, 5] }[shapeA.length] ??
      (shapeA[1] === 1 ? [1, 2, 1, 2, 1, 4, 5] : [2, 2, 2, 2, 2, 4, 5]);
    using a = counted(t, shapeA);
    using b = counted(t, shapeB);
    const params = { transpose_a: shapeA.length === 1, transpose_b: shapeB.length === 1 };
    using y = matmul.forward(t.gpu, { a, b }, params, 'register').y;
    const left = (await readValue(a)).data;
    const right = (await readValue(b)).data;
    const batch = shapeA.slice(0, -2).map((n, i) => Math.max(n, shapeB[i] as number));
    const shape = [...batch, ...(shapeA.length > 1 ? [3] : []), ...(shapeB.length > 1 ? [5] : [])];
    const rows = shapeA.length > 1 ? 3 : 1;
    const cols = shapeB.length > 1 ? 5 : 1;
    // The matrix of a batch, where dimensions of 1 repeat.
    const matrixOf = (sizes: Shape, at: readonly number[]) =>
      at.reduce((flat, i, d) => flat * (sizes[d] as number) + (sizes[d] === 1 ? 0 : i), 0);
    const truth = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const at = coordinatesOf(Math.floor(i / (rows * cols)), batch);
      const row = Math.floor(i / cols) % rows;
      const col = i % cols;
      const fromA = (matrixOf(shapeA, at) * rows + row) * 4;
      const fromB = matrixOf(shapeB, at) * 4 * cols + col;
      return [0, 1, 2, 3].reduce(
        (sum, k) => sum + (left[fromA + k] as number) * (right[fromB + k * cols] as number),
        0,
      );
    });
    t.expectEqual('y', await readValue(y), { shape, data: truth });
  });

products
  .case('vector-gradients')
  .desc(
    'Gradients of a row times a matrix and of a matrix times a column, which no transpose changes: products of vectors, exactly.',
  )
  .control('one added to every element', (fault) =>
    fault.shader('matmul/register', 'dims.scale * sums;', 'dims.scale * sums + 1.0;'),
  )
  .run(async (t) => {
    using vector = counted(t, [4]);
    using tall = counted(t, [4, 5]);
    using wide = counted(t, [3, 4]);
    const gradientsOf = (
      a: Tensor,
      b: Tensor,
      dy: Tensor,
      params: GivenParams<typeof matmul.signature>,
    ) =>
      matmul.backward(t.gpu, {
        inputs: { a, b },
        outputs: { y: dy },
        grads: { y: dy },
        params,
        wants: new Set(['a', 'b']),
        variant: 'register',
      });
    for (const [a, b, size, params] of [
      [vector, tall, 5, { transpose_a: true }],
      [wide, vector, 3, { transpose_b: true }],
    ] as const) {
      using dy = counted(t, [size]);
      const gradients = gradientsOf(a, b, dy, params);
      const matrix = await readValue(a === vector ? b : a);
      const row = await readValue(vector);
      const flow = await readValue(dy);
      const [rows, cols] = matrix.shape as [number, number];
      const alongRows = rows === row.data.length;
      const outer = matrix.data.map((_, i) => {
        const r = Math.floor(i / cols);
        const c = i % cols;
        return (row.data[alongRows ? r : c] as number) * (flow.data[alongRows ? c : r] as number);
      });
      const summed = row.data.map((_, i) =>
        flow.data.reduce(
          (sum, x, j) => sum + x * (matrix.data[alongRows ? i * cols + j : j * cols + i] as number),
          0,
        ),
      );
      const [ofMatrix, ofVector] = a === vector ? (['b', 'a'] as const) : (['a', 'b'] as const);
      t.expectEqual('gradient of the matrix', await readValue(gradients[ofMatrix] as Tensor), {
        shape: matrix.shape,
        data: outer,
      });
      t.expectEqual('gradient of the vector', await readValue(gradients[ofVector] as Tensor), {
        shape: row.shape,
        data: summed,
      });
      freeAll(gradients);
    }
  });

products
  .case('short-tails-4bit', { in: [33, 34, 35] })
  .desc(
    'Rows of a 4-bit weight that end in the first half of eight codes: the codes after the end are of the next row and do not count.',
  )
  .control('one code too many', (fault) =>
    fault.shader('matmul/register', 'terms < vec4u(row.terms)', 'terms <= vec4u(row.terms)'),
  )
  .run(async (t) => {
    const m = 3;
    const out = 5;
    const terms = Number(t.params['in']);
    // Code 3 of fp4 is 1 and code 11 is -1.
    const weight = Array.from({ length: out * terms }, (_, i) => (i % 3 === 0 ? 11 : 3));
    const bytes = packNibbles(weight, 0);
    using x = counted(t, [m, terms]);
    using packed = Tensor.from(t.gpu, hostTensorFrom('u8', [bytes.length, 1], bytes));
    using absmax = Tensor.from(
      t.gpu,
      hostTensorFrom(
        'f32',
        [Math.ceil(weight.length / 32)],
        new Array(Math.ceil(weight.length / 32)).fill(1),
      ),
    );
    const params = {
      quant_type: 'fp4',
      blocksize: 32,
      out_features: out,
      in_features: terms,
    } as const;
    using y = matmul4bit.forward(t.gpu, { x, packed, absmax }, params, 'register').y;
    const left = (await readValue(x)).data;
    const term = (row: number, col: number, k: number) =>
      (left[row * terms + k] as number) * (weight[col * terms + k] === 3 ? 1 : -1);
    const truth = Float64Array.from({ length: m * out }, (_, i) => {
      const row = Math.floor(i / out);
      const col = i % out;
      return Array.from({ length: terms }, (_, k) => term(row, col, k)).reduce(
        (sum, value) => sum + value,
        0,
      );
    });
    t.expectEqual('y', await readValue(y), { shape: [m, out], data: truth });
  });
