import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type TensorShapeProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { InvariantError } from '../../../src/errors.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { type HostTensor, hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Shape } from '../../../src/tensor/shape.ts';

/** Version of the standard operators: the newest that all kernels of its WebGPU provider know. */
const OPSET = 21;
/** Version of the file format that came with it. */
const IR_VERSION = 10;
/** Operators of ONNX Runtime's own. */
export const MICROSOFT = 'com.microsoft';

/** Element types that only a part of the model has: codes of four bits, and floats of eight. */
export type StoredType = 'i4' | 'u4' | 'e4m3' | 'e4m3fnuz' | 'e5m2';

/** Element types of a graph: those of tensors, and what shapes, axes and masks are made of. */
export type ElementType = DType | 'i64' | 'bool';

const TYPES = {
  f32: DataType.FLOAT,
  f16: DataType.FLOAT16,
  bf16: DataType.BFLOAT16,
  i32: DataType.INT32,
  i64: DataType.INT64,
  u32: DataType.UINT32,
  i8: DataType.INT8,
  u8: DataType.UINT8,
  bool: DataType.BOOL,
  i4: DataType.INT4,
  u4: DataType.UINT4,
  e4m3: DataType.FLOAT8E4M3FN,
  e4m3fnuz: DataType.FLOAT8E4M3FNUZ,
  e5m2: DataType.FLOAT8E5M2,
} as const satisfies Record<ElementType | StoredType, DataType>;

/** What an attribute of a node calls an element type. */
export const typeCode = (type: ElementType | StoredType): number => TYPES[type];

/** Name of a value of the graph. */
export type ValueName = string;

/** An attribute: a text, integers, or one real number that is told apart by its wrapper. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

/** A tensor as each run is given it. */
export interface Fed {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: HostTensor['data'];
}

/** An ONNX model under construction: nodes in the order in which they are computed. */
export class Graph {
  readonly #nodes: NodeProto[] = [];
  readonly #constants = new Map<ValueName, TensorProto>();
  readonly #fed = new Map<ValueName, Fed>();
  readonly #outputs = new Map<ValueName, ElementType>();
  #made = 0;

  /** A tensor that each run is given. */
  feed(name: string, { dtype, shape, data }: HostTensor, type: ElementType = dtype): ValueName {
    // Any byte but 0 is true in the vocabulary, and 1 alone in ONNX.
    const bits = type === 'bool' ? Uint8Array.from(data, (byte) => (byte === 0 ? 0 : 1)) : data;
    this.#fed.set(name, { type, shape, data: bits });
    return name;
  }

  /** A tensor that is part of the model. */
  constant({ dtype, shape, data }: HostTensor, type: ElementType = dtype): ValueName {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.stored(type, shape, bytes as Uint8Array<ArrayBuffer>);
  }

  /**
   * A tensor that is part of the model, from its bytes; of codes of four bits the first of a byte is
   * in its low bits.
   */
  stored(
    type: ElementType | StoredType,
    shape: Shape,
    rawData: Uint8Array<ArrayBuffer>,
  ): ValueName {
    const name = this.#name();
    const dims = shape.map(BigInt);
    this.#constants.set(
      name,
      create(TensorProtoSchema, { name, dataType: TYPES[type], dims, rawData }),
    );
    return name;
  }

  /** Shapes and axes, which ONNX takes as tensors of 64-bit integers. */
  integers(values: readonly number[]): ValueName {
    const words = BigInt64Array.from(values, BigInt);
    return this.stored('i64', [values.length], new Uint8Array(words.buffer));
  }

  /** A number that broadcasts to any tensor of its type. */
  scalar(value: number, type: DType = 'f32'): ValueName {
    return this.constant({ ...hostTensorFrom(type, [1], [value]), shape: [] });
  }

  /** A node of one output; an absent optional input is `undefined`. */
  node(
    operator: string,
    inputs: readonly (ValueName | undefined)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): ValueName {
    return this.nodes(1, operator, inputs, attributes, domain)[0] as ValueName;
  }

  /** A node of several outputs. */
  nodes(
    outputs: number,
    operator: string,
    inputs: readonly (ValueName | undefined)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly ValueName[] {
    const names = Array.from({ length: outputs }, () => this.#name());
    // An empty name at the end is an input to some kernels, which then miss its tensor.
    const given = inputs.slice(0, inputs.findLastIndex((name) => name !== undefined) + 1);
    const node = create(NodeProtoSchema, {
      name: `${operator}_${names[0]}`,
      opType: operator,
      domain,
      input: given.map((name) => name ?? ''),
      output: names,
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    this.#nodes.push(node);
    return names;
  }

  /** Declares a value as a result of the graph; the runtime infers its shape. */
  output(value: ValueName, type: ElementType): void {
    this.#outputs.set(value, type);
  }

  get fed(): ReadonlyMap<ValueName, Fed> {
    return this.#fed;
  }

  get outputs(): ReadonlyMap<ValueName, ElementType> {
    return this.#outputs;
  }

  /** The model as a file holds it. Throws InvariantError for one without results. */
  bytes(): Uint8Array {
    if (this.#outputs.size === 0) throw new InvariantError('an ONNX graph needs a result');
    const graph = create(GraphProtoSchema, {
      name: 'graph',
      node: this.#nodes,
      initializer: [...this.#constants.values()],
      input: [...this.#fed].map(([name, { type, shape }]) => valueInfo(name, type, shape)),
      output: [...this.#outputs].map(([name, type]) => valueInfo(name, type)),
    });
    const opset = (domain: string, version: number) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
    const model = create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      opsetImport: [opset('', OPSET), opset(MICROSOFT, 1)],
      graph,
    });
    return toBinary(ModelProtoSchema, model);
  }

  #name(): ValueName {
    return `v${this.#made++}`;
  }
}

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value) as Uint8Array<ArrayBuffer>;
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  return 'float' in value
    ? create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float })
    : create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function valueInfo(name: ValueName, type: ElementType, shape?: Shape): ValueInfoProto {
  const tensor = create(TypeProto_TensorSchema, {
    elemType: TYPES[type],
    ...(shape ? { shape: shapeOf(shape) } : {}),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
  });
}

function shapeOf(shape: Shape): TensorShapeProto {
  const dim = shape.map((n) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(n) } }),
  );
  return create(TensorShapeProtoSchema, { dim });
}
