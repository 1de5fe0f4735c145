import { ReferenceBackend } from '../../src/backends/reference.ts';
import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { mapped, type Results } from '../../src/graph/call.ts';
import { add } from '../../src/ops/math/add.ts';
import { relativeError, squareSums } from '../../src/quantizer/choosing/square-sums.ts';
import { COMPUTE, type OwnColumn } from '../../src/quantizer/matrix/columns.ts';
import type { Direction } from '../../src/quantizer/matrix/directions.ts';
import { drawnForCell, withoutQuantizing } from '../../src/quantizer/matrix/given.ts';
import { type HostCall, hostCalls } from '../../src/quantizer/matrix/host-calls.ts';
import { type TracedCell, tracedCell } from '../../src/quantizer/matrix/trace.ts';
import type { QuantizerBackend } from '../../src/quantizer/quantizer.ts';
import { QuantizerError } from '../../src/quantizer/quantizer-error.ts';
import { methods } from '../../src/quantizer/registry.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { judgeCall } from '../../src/testing/judge-call.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { limitOf } from './weight-limit.ts';

export const matrix = suite('quantizer.matrix', {
  description:
    'Every method in every direction on the backends of this build: quantize, decode, multiply, differentiate',
});

const ROW = 'fsdp.backend.quantization-method-compatibility';

/** Columns that need no feature, and the one that does. */
const EVERYWHERE = ['webgpu-f32', 'reference'] as const;
const HALVES = ['webgpu-f16'] as const;

const METHODS = [...methods.keys()];

/** Executes a cell of the device. */
function executed(
  t: CaseContext,
  { method, direction, column }: CellOf,
  backend: QuantizerBackend = new WebGpuBackend(t.gpu),
): TracedCell {
  const on = column === 'reference' ? 'webgpu-f32' : column;
  const given = drawnForCell(
    (stream) => t.random(stream),
    COMPUTE[on] === 'float16' ? 'f16' : 'f32',
  );
  return tracedCell(t.gpu, backend, { method, direction, column: on, given });
}

interface CellOf {
  readonly method: string;
  readonly direction: Direction;
  readonly column: OwnColumn;
}

/** Judges every call of a cell by its record, and what comes out by the bits of its codes. */
async function judge(t: CaseContext, cell: CellOf): Promise<void> {
  using made = executed(t, cell);
  t.expect(made.calls.length > 0, () => `${cell.direction} of ${cell.method} makes no call`);
  if (cell.column !== 'reference') {
    await judgeApplications(t, 0, made.calls);
    expectNear(t, cell, valuesOf(await made.result.read()));
    return;
  }
  const backend = new ReferenceBackend();
  let last: Float64Array = new Float64Array();
  for (const call of await hostCalls(made.calls)) {
    t.expect(backend.supports(call.op.name), () => `the reference lacks ${call.op.name}`);
    const results = await backend.run(call);
    judgeReference(t, call, results);
    const given = call.grads ? Object.values(results.gradients)[0] : results.outputs['y'];
    if (given) last = valuesOf(given);
  }
  // Parts of a weight are none of the numbers that it stands for.
  if (cell.direction !== 'quantize') expectNear(t, cell, last);
}

/** Judges all that the reference gave, which is what was wanted of the call. */
function judgeReference(t: CaseContext, call: HostCall, results: Results<HostTensor>): void {
  const { inputs, grads, ...rest } = call;
  judgeCall(t, {
    call: {
      ...rest,
      inputs: valuesOfHosts(inputs),
      ...(grads ? { grads: valuesOfHosts(grads) } : {}),
    },
    results: mapped({ ...results }, valuesOfHosts),
    level: 'legal',
    isWhole: false,
    where: `${call.op.name} by the reference: `,
    failed: () => ({ ...call, level: 'legal' }),
  });
}

/** Methods of 8 bits that quantize x as finely as the weight. */
const CODES_OF_X: ReadonlySet<string> = new Set(['llm_int8', 'quanto_w8a8']);

/**
 * Asserts that what came out is as near to floats as the bits of the method allow: a product errs as
 * its weight does, and by as much again where x is quantized too.
 */
function expectNear(t: CaseContext, cell: CellOf, actual: Float64Array): void {
  const { method, direction, column } = cell;
  const on = column === 'webgpu-f16' ? 'f16' : 'f32';
  const expected = withoutQuantizing(
    direction,
    drawnForCell((stream) => t.random(stream), on),
  );
  const error = relativeError(squareSums(actual, expected));
  const [bits] = methods.get(method)?.bits ?? [];
  const limit = (CODES_OF_X.has(method) ? 2 : 1) * limitOf(method, bits as number);
  t.metric('relative-error', error);
  t.expect(
    error <= limit,
    () => `${direction} of ${method} on ${column} errs by ${error}, and ${limit} is the most`,
  );
}

/** The reference errs by a unit. */
function wrongReference(fault: FaultDeclaration): void {
  fault.host(
    'reference.rounded',
    (original) => (dtype, shape, data) =>
      original(
        dtype,
        shape,
        data.map((x: number) => x + 1),
      ),
  );
}

function partsOfOnes(fault: FaultDeclaration): void {
  fault.host('quantizer.kept', () => (part, shape) => {
    const ones = new Float64Array(part.size).fill(1);
    return Tensor.from(part.gpu, hostTensorFrom(part.dtype, shape, ones));
  });
  wrongReference(fault);
}

function fourfold(fault: FaultDeclaration): void {
  fault.host('quantizer.multiplied', (original) => (tape, ...rest) => {
    const doubled = (y: Tensor) => tape.apply(add, { a: y, b: y }, {}, 'twice').y;
    return doubled(doubled(original(tape, ...rest)));
  });
  wrongReference(fault);
}

const ONES = 'parts of ones in the place of what was made, and a reference that is one off';
const FOURFOLD = 'every product four times as large, and a reference that is one off';

/** Of each direction what it does, and what must break it. */
const TOLD = {
  quantize: ['A weight is quantized', ONES, partsOfOnes],
  dequantize: ['A quantized weight is decoded', ONES, partsOfOnes],
  product: ['A quantized weight is multiplied', FOURFOLD, fourfold],
  gradient: ['The gradient of x flows through a quantized product', FOURFOLD, fourfold],
} as const satisfies Record<
  Direction,
  readonly [string, string, (fault: FaultDeclaration) => void]
>;

for (const [name, [told, control, faults]] of Object.entries(TOLD)) {
  const direction = name as Direction;
  const desc = `${told} by the cell's method on its backend: every call is right by its record, and what comes out is as near to floats as the method's bits allow.`;
  matrix
    .case(direction, { method: METHODS, backend: [...EVERYWHERE] })
    .tier('full')
    .covers(`${ROW}/seven-methods`, `${ROW}/false-claim-fails`)
    .desc(desc)
    .control(control, faults)
    .run((t) =>
      judge(t, { method: t.params.method, direction, column: t.params.backend as OwnColumn }),
    );
  matrix
    .case(direction, { method: METHODS, backend: [...HALVES] })
    .tier('full')
    .needs('shader-f16')
    .covers(`${ROW}/false-claim-fails`)
    .desc(desc)
    .control(control, faults)
    .run((t) =>
      judge(t, { method: t.params.method, direction, column: t.params.backend as OwnColumn }),
    );
}

matrix
  .case('unavailable')
  .covers(`${ROW}/cell-verdicts`)
  .desc(
    'A cell of a backend without the op of its method is unavailable with the code quant-unsupported, beside one that passes.',
  )
  .control('a backend is asked for no op', (fault) =>
    fault.host('quantizer.missing_ops', () => () => []),
  )
  .run(async (t) => {
    const cell = { method: 'hqq', direction: 'product', column: 'webgpu-f32' } as const;
    await judge(t, cell);
    const lacking = { name: 'webgpu', supports: (op: string) => op !== 'hqq_quantize' };
    let code = 'none';
    try {
      executed(t, cell, lacking)[Symbol.dispose]();
    } catch (error) {
      if (!(error instanceof QuantizerError)) throw error;
      code = error.code;
    }
    t.expect(code === 'quant-unsupported', () => `the code is ${code}`);
  });
