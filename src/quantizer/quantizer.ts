import { Tape } from '../autograd/tape.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { mapped } from '../graph/call.ts';
import { isQuantized } from '../quant/weight.ts';
import { seam } from '../seam.ts';
import { bytesPerElement, type DType } from '../tensor/dtype.ts';
import { formatShape, type Shape, sizeOf, stacked } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { DeviceWeight } from './coding.ts';
import { COMPUTING_OPS, computedIn } from './computed.ts';
import { isHead, isTable, layerOf } from './kept-layers.ts';
import type { Group } from './method.ts';
import { type LayerOptions, type Policy, plannedLayers, requireOptions } from './policy.ts';
import { QuantizerError } from './quantizer-error.ts';
import { type ChosenScheme, schemeOf } from './registry.ts';
import { mostAtOnce, place, rowsAtOnce, type WeightRows } from './rows.ts';

/** Who runs the ops of a method, as a `Backend` says of itself. */
export interface QuantizerBackend {
  readonly name: string;
  readonly supports: (op: string) => boolean;
}

/** Values of a model by name; quantized ones can take the place of others. */
export interface ReplaceableValues {
  readonly names: readonly string[];
  readonly view: (name: string) => Tensor | DeviceWeight;
  /**
   * The tensors of a value in floats whose rows lie in several, which has no view; undefined for
   * others, absent where there are none.
   */
  readonly inRows?: (name: string) => readonly Tensor[] | undefined;
  /** Takes these weights, which it owns from then on, in the place of those in floats. */
  readonly replace: (weights: ReadonlyMap<string, DeviceWeight>) => void;
}

/** A model whose weights can be quantized. */
export interface QuantizableModel {
  readonly values: ReplaceableValues;
  /**
   * Makes batch normalizations a part of the convolutions before them, for evaluation alone, and
   * names them; absent where there are none.
   */
  readonly foldBatchNorms?: () => readonly string[];
}

/** What was done to a layer. */
export interface QuantizedLayer {
  readonly name: string;
  readonly shape: Shape;
  readonly method: string;
  readonly bits: number;
  readonly group: Group;
  /** All that was chosen, as it is chosen again for the parts of a state dict. */
  readonly options: LayerOptions;
  /** How it multiplies. */
  readonly product: string;
  readonly bytesBefore: number;
  /** Of all its parts. */
  readonly bytesAfter: number;
}

/** What was done to a model. */
export interface QuantizationReport {
  readonly layers: readonly QuantizedLayer[];
  /** Names of values that were not quantized. */
  readonly kept: readonly string[];
  /** Batch normalizations that are a part of the convolutions before them now. */
  readonly folded: readonly string[];
  /** Bytes of all values, without what memory pads. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Whether a value of this name is the weight of a linear or a convolution. */
const isEligible = seam(
  'quantizer.is_eligible',
  (name: string, { shape }: { readonly shape: Shape }): boolean =>
    name.endsWith('.weight') && shape.length > 1 && !(shape.length === 2 && isTable(layerOf(name))),
);

/** Whether a value of this name is quantized where files are: not a head either. */
export const isUsuallyQuantized = (name: string, value: { readonly shape: Shape }): boolean =>
  isEligible(name, value) && !isHead(layerOf(name));

/** A part in its own shape that the caller owns: the tape frees what ops gave. */
const kept = seam(
  'quantizer.kept',
  (part: Tensor, shape: Shape): Tensor => part.view(shape).clone(),
);

/** Ops of a method that a backend lacks. */
const missingOps = seam(
  'quantizer.missing_ops',
  ({ ops }: Pick<ChosenScheme, 'ops'>, backend: QuantizerBackend): readonly string[] =>
    ops.filter((op) => !backend.supports(op)),
);

/**
 * Quantizes layers by one method, or by those that a policy names. It reads nothing back and waits
 * for nothing.
 */
export class Quantizer {
  readonly #backend: QuantizerBackend;
  readonly #usual: LayerOptions;

  constructor(backend: QuantizerBackend, usual: LayerOptions) {
    this.#backend = backend;
    this.#usual = usual;
    this.#schemeOf(usual);
  }

  /**
   * Quantizes one weight in floats [out, ...] on its device, on a tape, so that each op can be watched;
   * the caller owns the parts. Throws {@link QuantizerError} `quant-method` for a shape that the
   * method does not take.
   */
  quantizeWeight(
    tape: Tape,
    weight: Tensor,
    layer: string,
    options: LayerOptions = this.#usual,
  ): DeviceWeight {
    const scheme = this.#fitting(options, weight.shape, layer);
    const made = tape.noGrad(() => scheme.quantize(tape, weight, `${layer}.quantize`));
    using scope = new Scope();
    const parts = mapped(scheme.parts(weight.shape), ({ shape }, part) =>
      scope.add(kept(made[part] as Tensor, shape)),
    );
    const quantized = built(scheme, parts, weight.shape, options);
    scope.move();
    return quantized;
  }

  /**
   * Quantizes a weight of any size from rows on the host, as many at once as fit in `bytes`, which
   * are at most what a kernel reaches; the caller owns the parts, whose bits are those of
   * {@link Quantizer.quantizeWeight}. Throws {@link QuantizerError} `quant-method` also where not
   * all rows fit and one cannot be quantized without the others.
   */
  quantizeRows(
    gpu: Gpu,
    { shape, read }: WeightRows,
    layer: string,
    {
      bytes = mostAtOnce(gpu),
      options = this.#usual,
    }: { readonly bytes?: number; readonly options?: LayerOptions } = {},
  ): DeviceWeight {
    const scheme = this.#fitting(options, shape, layer);
    const [rows = 1, ...rest] = shape;
    const most = mostAtOnce(gpu);
    const atOnce = rowsAtOnce(shape, Math.min(bytes, most));
    const isEnough = (count: number) =>
      count === rows || (count > 0 && scheme.rowsApart?.(shape) === true);
    if (!isEnough(atOnce)) {
      const advice = isEnough(rowsAtOnce(shape, most))
        ? 'give more bytes'
        : 'take an adapter that reaches more';
      throw new QuantizerError(
        'quant-method',
        `${layer} ${formatShape(shape)} by ${scheme.method.name}: it is larger than what is quantized at once, and ${atOnce === 0 ? `so are 32 of its rows: ${advice}` : `its scales belong to more than a row: ${advice}, or another method`}`,
      );
    }
    using scope = new Scope();
    const whole = scope.addAll(
      mapped(scheme.parts(shape), (part) => Tensor.empty(gpu, part.dtype, part.shape)),
    );
    for (let first = 0; first < rows; first += atOnce) {
      const count = Math.min(atOnce, rows - first);
      using weight = Tensor.from(gpu, read(first, count));
      using tape = new Tape(gpu);
      const made = tape.noGrad(() => scheme.quantize(tape, weight, `${layer}.quantize`));
      place(scheme, whole, made, { first, count, rest });
    }
    scope.move();
    return built(scheme, whole, shape, options);
  }

  /**
   * Puts quantized weights in the place of those of linears and convolutions; biases, norms and
   * embeddings stay, and so do batch normalizations unless the policy folds them. Nothing is replaced
   * before all are made, and each layer is submitted by itself. A weight without elements stays, and
   * one whose rows lie in several tensors is refused unless a rule keeps it. Throws
   * {@link QuantizerError} `policy-unmatched`, `quant-method` or `quant-unsupported`, and the model is
   * as it was.
   */
  quantizeModel(model: QuantizableModel, policy: Policy = {}): QuantizationReport {
    const { values } = model;
    const given = floatsOf(values);
    const eligible = [...given].filter(([name, rows]) =>
      isEligible(name, { shape: wholeOf(rows) }),
    );
    const layers = eligible.map(([name]) => layerOf(name));
    const shapeOf = (layer: string) => wholeOf(given.get(weightOf(layer)) as Rows);
    const planned = plannedLayers(layers, policy, this.#usual);
    const plan = [...planned].filter(([layer]) => sizeOf(shapeOf(layer)) > 0);
    for (const [layer, options] of plan) {
      const rows = given.get(weightOf(layer)) as Rows;
      this.#fitting(options, shapeOf(layer), layer);
      if (rows.length > 1)
        throw new QuantizerError(
          'quant-method',
          `${layer}: its rows lie in ${rows.length} tensors, and one is quantized: keep it by a rule`,
        );
    }
    const bytesBefore = totalBytes(values);
    const folded = policy.foldBatchNorms ? foldedIn(model) : [];
    const tensors = floatsOf(values);
    const weights = new Map<string, DeviceWeight>();
    const done: QuantizedLayer[] = [];
    using scope = new Scope();
    for (const [layer, options] of plan) {
      const [tensor] = tensors.get(weightOf(layer)) as Rows;
      // Freed layer by layer: of large models no two weights are in the making.
      using tape = new Tape(tensor.gpu);
      const weight = this.quantizeWeight(tape, tensor, layer, options);
      scope.addAll(weight.parts);
      tensor.gpu.submit();
      weights.set(weightOf(layer), weight);
      done.push(
        layerReport(layer, tensor, weight, { ...this.#schemeOf(options, tensor.shape), options }),
      );
    }
    values.replace(weights);
    scope.move();
    return {
      layers: done,
      kept: values.names.filter((name) => !weights.has(name)),
      folded,
      bytesBefore,
      bytesAfter: totalBytes(values),
    };
  }

  /**
   * The weight that parts of a state dict stand for; in floats it was of type `dtype`, which some
   * libraries give its scales too. Throws QuantizerError `state-dict`.
   */
  weightOfParts(
    parts: Readonly<Record<string, Tensor>>,
    shape: Shape,
    options: LayerOptions = this.#usual,
    dtype: DType = 'f32',
  ): DeviceWeight {
    const scheme = this.#schemeOf(options, shape);
    for (const [name, spec] of Object.entries(scheme.parts(shape, dtype))) {
      const part = parts[name];
      const expected = `${spec.dtype} ${formatShape(spec.shape)}`;
      const got = part ? `${part.dtype} ${formatShape(part.shape)}` : 'nothing';
      if (got !== expected)
        throw new QuantizerError(
          'state-dict',
          `${name} of ${scheme.method.name} is ${got} and should be ${expected}`,
        );
    }
    return built(scheme, parts, shape, options);
  }

  /** Throws {@link QuantizerError} `quant-method` for a shape that the usual method does not take. */
  requireFit(shape: Shape, layer: string): void {
    this.#fitting(this.#usual, shape, layer);
  }

  #schemeOf(options: LayerOptions, shape?: Shape): ChosenScheme {
    requireOptions(options);
    const scheme = schemeOf(options, shape);
    const { computeDtype = 'float32' } = options;
    const ops = computeDtype === 'float32' ? scheme.ops : [...scheme.ops, ...COMPUTING_OPS];
    const missing = missingOps({ ops: [...new Set(ops)] }, this.#backend);
    if (missing.length > 0)
      throw new QuantizerError(
        'quant-unsupported',
        `${scheme.method.name} on ${this.#backend.name}: it has no ${missing.join(', ')}`,
      );
    return scheme;
  }

  #fitting(options: LayerOptions, shape: Shape, layer: string): ChosenScheme {
    const scheme = this.#schemeOf(options, shape);
    const why = sizeOf(shape) === 0 ? 'it has no elements' : scheme.refuses?.(shape);
    if (why)
      throw new QuantizerError(
        'quant-method',
        `${layer} ${formatShape(shape)} by ${scheme.method.name}: ${why}`,
      );
    return scheme;
  }
}

/**
 * One interface over all quantizers: `method` with its `bits`, `groupSize` and `axis`,
 * `quantZero` and `quantScale` of one whose zeros and scales can be codes in turn, what is absent as
 * is usual of the method, and `computeDtype` of the products, to which x is rounded before it
 * becomes codes, where it does. `backend` says which ops it has. Throws {@link QuantizerError}:
 * `quant-method` for an option that is not known and a choice that the method does not have,
 * `quant-unsupported` for a method that the backend cannot run.
 */
export function createQuantizer(backend: QuantizerBackend, options: LayerOptions): Quantizer {
  return new Quantizer(backend, options);
}

function built(
  scheme: ChosenScheme,
  parts: Readonly<Record<string, Tensor>>,
  shape: Shape,
  { computeDtype = 'float32' }: LayerOptions,
): DeviceWeight {
  const weight = scheme.weight(parts, shape);
  return computeDtype === 'float32' ? weight : computedIn(computeDtype, weight);
}

const weightOf = (layer: string) => `${layer}.weight`;

/** The batch normalizations that a model folds. Throws QuantizerError where it can fold none. */
const foldedIn = seam('quantizer.folded_in', (model: QuantizableModel): readonly string[] => {
  if (!model.foldBatchNorms)
    throw new QuantizerError(
      'policy-unmatched',
      'foldBatchNorms: the model has no batch normalizations that can be folded: leave it out',
    );
  return model.foldBatchNorms();
});

/** A value in floats: one tensor, or several of its rows. */
type Rows = readonly [Tensor, ...Tensor[]];

type ReadableValues = Omit<ReplaceableValues, 'replace'>;

const wholeOf = (rows: Rows): Shape => stacked(rows.map(({ shape }) => shape));

/** A value as it is quantized, or by its tensors. */
function heldIn({ view, inRows }: ReadableValues, name: string): DeviceWeight | Rows {
  const rows = inRows?.(name);
  if (rows) return rows as Rows;
  const value = view(name);
  return isQuantized(value) ? value : [value];
}

function floatsOf(values: ReadableValues): ReadonlyMap<string, Rows> {
  return new Map(
    values.names.flatMap((name) => {
      const held = heldIn(values, name);
      return 'parts' in held ? [] : [[name, held] as const];
    }),
  );
}

/** Bytes of a value, of a quantized one those of its parts. */
const bytesOf = seam('quantizer.bytes_of', (value: Tensor | DeviceWeight): number => {
  if (!isQuantized(value)) return value.bytes;
  return Object.values(value.parts).reduce((sum, part) => sum + part.bytes, 0);
});

function totalBytes(values: ReadableValues): number {
  return values.names.reduce((sum, name) => {
    const held = heldIn(values, name);
    const each = 'parts' in held ? [held] : held;
    return each.reduce((bytes, value) => bytes + bytesOf(value), sum);
  }, 0);
}

function layerReport(
  name: string,
  tensor: Tensor,
  weight: DeviceWeight,
  { method, choice, product, options }: ChosenScheme & { readonly options: LayerOptions },
): QuantizedLayer {
  const { bits, group, ...others } = choice;
  return {
    name,
    shape: tensor.shape,
    method: method.name,
    bits,
    group,
    options: { ...options, bits, groupSize: group, ...others },
    product,
    bytesBefore: tensor.bytes,
    bytesAfter: bytesOf(weight),
  };
}

/** Bytes of each part that is kept of a weight of this shape and type, before it is quantized. */
export function predictedParts(
  options: LayerOptions,
  shape: Shape,
  dtype: DType = 'f32',
): Readonly<Record<string, number>> {
  return mapped(
    schemeOf(options, shape).parts(shape, dtype),
    (part) => sizeOf(part.shape) * bytesPerElement(part.dtype),
  );
}

/** Bytes that a weight of this shape and type takes when it is so quantized, before it is. */
export function predictedBytes(options: LayerOptions, shape: Shape, dtype: DType = 'f32'): number {
  const parts = predictedParts(options, shape, dtype);
  return Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
}
