import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CallContender } from '../../src/bench/contender.ts';
import { foreignCells } from '../../src/bench/matrix/foreign-cells.ts';
import { softwareGpu } from '../../src/cli/runtime/fixtures/software-gpu.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Cell } from '../../src/quantizer/matrix/cell.ts';
import { methods } from '../../src/quantizer/registry.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { OrtContender } from './contender.ts';
import { wasmProvider } from './wasm.ts';

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const library = () => new OrtContender(wasmProvider(ort));

async function cellsOf(
  names: readonly string[],
  contender: CallContender,
): Promise<readonly Cell[]> {
  const asked = { methods: names, contenders: [contender], seed: 1 };
  const cells: Cell[] = [];
  for await (const cell of foreignCells(gpu, { ...asked, signal: new AbortController().signal }))
    cells.push(cell);
  return cells;
}

/** By direction the methods whose every call the pinned version has an operator for. */
const EXECUTED = {
  quantize: ['f16', 'int8', 'quanto_int8', 'quanto_w8a8'],
  dequantize: [
    ...['bitnet', 'bitnet_int8', 'f16', 'hqq', 'int8', 'int8_blockwise', 'llm_int8', 'mlx'],
    ...['onnx_nbits', 'onnx_nbits_symmetric', 'q4_0', 'q8_0'],
    ...['quanto_float8', 'quanto_float8_e4m3fnuz', 'quanto_float8_e5m2'],
    ...['quanto_int', 'quanto_int8', 'quanto_w8a8', 'ternary'],
  ],
  product: [
    ...['bitnet', 'fp4', 'int8', 'int8_blockwise', 'mlx', 'nf4'],
    ...['onnx_nbits', 'onnx_nbits_symmetric', 'q4_0', 'q8_0'],
    ...['quanto_float8', 'quanto_float8_e4m3fnuz', 'quanto_float8_e5m2'],
    ...['quanto_int', 'quanto_int8', 'ternary', 'ternary_base3'],
  ],
  gradient: [],
};

test('the WebAssembly provider executes these cells, all right, and says why of the others', async () => {
  const cells = await cellsOf([...methods.keys()], library());
  expect(cells).toHaveLength(4 * methods.size);
  for (const [direction, names] of Object.entries(EXECUTED)) {
    const those = cells.filter((cell) => cell.direction === direction);
    const passed = those.filter(({ verdict }) => verdict === 'pass');
    expect([direction, passed.map(({ method }) => method).sort()]).toEqual([direction, names]);
    for (const { compared, accuracy } of passed) {
      expect(compared).toBeGreaterThan(0);
      expect(accuracy?.boundUsed ?? 0).toBeLessThanOrEqual(1);
    }
  }
  for (const { verdict, why } of cells.filter((cell) => cell.verdict !== 'pass'))
    expect([verdict, why]).toEqual([
      'unavailable',
      { code: 'not-implemented', message: expect.stringMatching(/^[^\n]+$/) },
    ]);
});

/** The library with the first output of every call changed, or not given. */
function changed(change: (values: Float64Array) => Float64Array): CallContender {
  const whole = library();
  return Object.assign(Object.create(whole) as CallContender, {
    name: whole.name,
    settingsForCall: whole.settingsForCall.bind(whole),
    prepareCall: async (...given: Parameters<CallContender['prepareCall']>) => {
      const prepared = await whole.prepareCall(...given);
      return {
        results: async () => {
          const { outputs, gradients } = await prepared.results();
          const [[name, first]] = Object.entries(outputs) as [[string, HostTensor]];
          const made = hostTensorFrom(first.dtype, first.shape, change(valuesOf(first)));
          return { outputs: { ...outputs, [name]: made }, gradients };
        },
        [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
      };
    },
  });
}

test('a library that is wrong deviates, and one that throws is unavailable: neither is a pass', async () => {
  const wrong = changed((values) => values.map((x, i) => (i === 3 ? 2 * x + 1 : x)));
  const deviating = (await cellsOf(['q8_0'], wrong)).filter(
    ({ verdict }) => verdict !== 'unavailable',
  );
  expect(deviating.map(({ direction, verdict }) => [direction, verdict])).toEqual([
    ['dequantize', 'producer-deviates'],
    ['product', 'producer-deviates'],
  ]);
  expect(deviating[0]?.why).toMatchObject({ message: expect.stringMatching(/^y\[0, 3\] is /) });
  const broken = changed(() => {
    throw new TypeError('no kernel\nfor it');
  });
  const [, cell] = await cellsOf(['q8_0'], broken);
  expect(cell).toMatchObject({
    verdict: 'unavailable',
    why: { code: 'library-failed', message: 'no kernel for it' },
  });
});
