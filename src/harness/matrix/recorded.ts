import type { ParityBundle } from '../../formats/parity-bundle.ts';
import type { RecordedColumn } from '../../quantizer/matrix/columns.ts';
import type { Direction } from '../../quantizer/matrix/directions.ts';
import { contentOf } from '../bundle-content.ts';
import { type BundleFile, replayCases } from '../parity.ts';

/** The cells that a recording is of. */
export interface RecordedCells {
  readonly method: string;
  readonly directions: readonly Direction[];
  /** By what the library computed on; undefined for a device that has no column. */
  readonly column: RecordedColumn | undefined;
  /** Names of what the library gave, of a gradient `gradient of x`. */
  readonly outputs: readonly string[];
}

/**
 * What each output shows of a library's method; the others are its codes and scales, or those of a
 * product.
 */
const SHOWS: Readonly<Record<string, Direction>> = {
  dequant: 'dequantize',
  y: 'product',
  'gradient of x': 'gradient',
};

/**
 * Whether a finding about a recording is about one of its directions: it names the tensor that
 * deviates first, and all others at its end. One that names none of them is about all.
 */
export function isAbout(
  message: string,
  direction: Direction,
  { outputs, directions }: RecordedCells,
): boolean {
  const others = message.split('; also ')[1]?.split(', ') ?? [];
  const named = outputs.filter((name) => message.includes(`: ${name}[`) || others.includes(name));
  const shown = named.map((name) => SHOWS[name] ?? directions[0]);
  return directions.length === 1 || shown.length === 0 || shown.includes(direction);
}

type Bundle = Pick<ParityBundle, 'op' | 'params' | 'device' | 'tensors'>;
type Cells = Omit<RecordedCells, 'column' | 'outputs'>;

/** Quantizers of libraries give the codes, and what these decode to. */
const BOTH: readonly Direction[] = ['quantize', 'dequantize'];

/** Layers give the gradient of their input where one flows in. */
const productsOf = ({ gradsOut }: Bundle['tensors']): readonly Direction[] =>
  Object.hasOwn(gradsOut, 'x') ? ['product', 'gradient'] : ['product'];

/** Methods by Quanto's types. */
const QUANTO: Readonly<Record<string, string>> = {
  qint8: 'quanto_int8',
  qfloat8_e4m3fn: 'quanto_float8',
  qfloat8_e4m3fnuz: 'quanto_float8_e4m3fnuz',
  qfloat8_e5m2: 'quanto_float8_e5m2',
  qint4: 'quanto_int',
  qint2: 'quanto_int',
};
/** Methods by the types that torch and ONNX cast to. */
const HALVES: Readonly<Record<string, string>> = { float16: 'f16', bfloat16: 'bf16' };

/** By ops of bundles: which method a recording shows, and what of it. */
const CELLS_OF: Readonly<Record<string, (bundle: Bundle) => Cells | undefined>> = {
  quantize_4bit: ({ params }) => ({ method: `${params['quant_type']}`, directions: BOTH }),
  dequantize_4bit: ({ params }) => ({
    method: `${params['quant_type']}`,
    directions: ['dequantize'],
  }),
  matmul_4bit: ({ params, tensors }) => ({
    method: `${params['quant_type']}`,
    directions: productsOf(tensors),
  }),
  matmul_8bit: ({ params, tensors }) => withMethod(bytesOf(params, tensors), productsOf(tensors)),
  quantize_blockwise: ({ params }) =>
    params['signed'] === true ? { method: 'int8_blockwise', directions: BOTH } : undefined,
  int8_vectorwise_quant: () => ({ method: 'llm_int8', directions: BOTH }),
  linear_8bit_lt: ({ tensors }) => ({ method: 'llm_int8', directions: productsOf(tensors) }),
  gguf_quantize: ({ params }) => ({
    method: `${params['quant_type']}`,
    directions: ['quantize'],
  }),
  gguf_dequantize: ({ params }) => ({
    method: `${params['quant_type']}`,
    directions: ['dequantize'],
  }),
  gguf_matmul: ({ params, tensors }) => ({
    method: `${params['quant_type']}`,
    directions: productsOf(tensors),
  }),
  quantize_nbits: ({ params }) => ({
    method: nbits(params['symmetric'] === true),
    directions: ['quantize'],
  }),
  dequantize_nbits: ({ tensors }) => withMethod(nbitsOf(tensors), ['dequantize']),
  matmul_nbits: ({ tensors }) => withMethod(nbitsOf(tensors), ['product']),
  hqq_quantize: () => ({ method: 'hqq', directions: BOTH }),
  hqq_matmul: ({ tensors }) => ({ method: 'hqq', directions: productsOf(tensors) }),
  mlx_quantize: ({ params, tensors }) => ({
    method: mlxMode(params),
    directions: Object.hasOwn(tensors.outputs, 'y') ? [...BOTH, 'product'] : BOTH,
  }),
  mlx_matmul: ({ params, tensors }) => ({
    method: mlxMode(params),
    directions: productsOf(tensors),
  }),
  quanto_quantize: ({ params }) => withMethod(QUANTO[`${params['qtype']}`], BOTH),
  quanto_matmul: ({ tensors }) => ({ method: 'quanto_int', directions: productsOf(tensors) }),
  ternary_quantize: () => ({ method: 'ternary', directions: BOTH }),
  bitnet_quantize: () => ({ method: 'bitnet', directions: BOTH }),
  ternary_matmul: ({ params, tensors }) => ({
    method: tritsOf(params, tensors),
    directions: productsOf(tensors),
  }),
  bitnet_linear: ({ tensors }) => ({ method: 'bitnet_int8', directions: productsOf(tensors) }),
  quanto_linear: ({ tensors }) => ({ method: 'quanto_w8a8', directions: productsOf(tensors) }),
  quantize_linear: ({ params }) => withMethod(linear(params), ['quantize']),
  dequantize_linear: ({ params }) => withMethod(linear(params), ['dequantize']),
  cast: ({ params }) => withMethod(HALVES[`${params['to']}`], ['quantize']),
};

/** MatMulNBits' weights, with zero points or without. */
const nbits = (isSymmetric: boolean) => (isSymmetric ? 'onnx_nbits_symmetric' : 'onnx_nbits');

/** None where zero points are floats or columns say their blocks: its quantizer makes no such weight. */
const nbitsOf = ({ inputs }: Bundle['tensors']): string | undefined => {
  const has = (name: string) => Object.hasOwn(inputs, name);
  return has('float_zero_points') || has('g_idx') ? undefined : nbits(!has('zero_points'));
};

const mlxMode = ({ mode }: Bundle['params']) => (mode === 'affine' ? 'mlx' : `${mode}`);

/** Methods by what codes of a byte stand for. */
const BYTES: Readonly<Record<string, string>> = {
  map: 'int8_blockwise',
  e4m3: 'quanto_float8',
  e4m3fnuz: 'quanto_float8_e4m3fnuz',
  e5m2: 'quanto_float8_e5m2',
  int8: 'quanto_int8',
  uint8: 'int8',
};

/** None of Quanto's weights has zero points. */
const bytesOf = ({ codes }: Bundle['params'], { inputs }: Bundle['tensors']) =>
  Object.hasOwn(inputs, 'zero_point') ? 'int8' : BYTES[`${codes}`];

/** BitNet has one scale for a weight. */
function tritsOf({ order }: Bundle['params'], { inputs }: Bundle['tensors']): string {
  if (order === 'base3') return 'ternary_base3';
  return inputs['scale']?.shape[0] === 1 ? 'bitnet' : 'ternary';
}

/** ONNX's codes of a byte with a scale for each channel or for all, whatever their zero point. */
function linear({ dtype, block_size }: Bundle['params']): string | undefined {
  const isByte = dtype === undefined || dtype === 'int8';
  return isByte && block_size === undefined ? 'int8' : undefined;
}

const withMethod = (method: string | undefined, directions: readonly Direction[]) =>
  method === undefined ? undefined : { method, directions };

/** Whether recordings of an op may be of some cell. */
export const isOfMatrix = (op: string): boolean => Object.hasOwn(CELLS_OF, op);

/** What is written before the name of a device: `cuda:NVIDIA H100`. */
const COLUMNS: Readonly<Record<string, RecordedColumn>> = {
  cpu: 'recorded-cpu',
  cuda: 'recorded-cuda',
  mps: 'recorded-mps',
  mlx: 'recorded-mlx',
};

/** The cells that each recording is of, by the id of the case that replays it. */
export function recordedCells(files: readonly BundleFile[]): ReadonlyMap<string, RecordedCells> {
  return new Map(
    replayCases(files).flatMap(({ declared, bundle: { bytes } }) => {
      const content = contentOf(bytes);
      if (content.kind !== 'bundle') return [];
      const { bundle } = content;
      const cells = CELLS_OF[bundle.op]?.(bundle);
      const [device = ''] = bundle.device.split(':');
      const { outputs: own, gradsOut } = bundle.tensors;
      const outputs = [
        ...Object.keys(own),
        ...Object.keys(gradsOut).map((name) => `gradient of ${name}`),
      ];
      return cells ? [[declared.id, { ...cells, column: COLUMNS[device], outputs }] as const] : [];
    }),
  );
}
