import { Tape } from '../../autograd/tape.ts';
import { GradproofError, InvariantError } from '../../errors.ts';
import { DeviceLostError, type Gpu } from '../../gpu/gpu.ts';
import { gpuErrorIn } from '../../gpu/gpu-error.ts';
import { Scope } from '../../gpu/scope.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { valuesOf } from '../../tensor/host.ts';
import { formatShape, matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { calibrate, type DeviceWeight, decodedWeight, multiplied } from '../coding.ts';
import { createQuantizer, predictedBytes, type QuantizerBackend } from '../quantizer.ts';
import { QuantizerError } from '../quantizer-error.ts';
import { mostAtOnce } from '../rows.ts';
import type { Costs, Measured, Refusal } from './measured.ts';
import { notFiniteIn } from './not-finite.ts';
import type { WholeChoice } from './schemes.ts';
import { productOf, squareSums } from './square-sums.ts';
import type { NamedWeight, WeightSource } from './weight-source.ts';

/** Odd, so that one of them is in the middle. */
const REPEATS = 3;

/**
 * A weight on its device with what is expected of it, to be quantized by one scheme after another.
 * Weights of more dimensions are taken as matrices [out, ...].
 */
export class Candidate implements Disposable {
  readonly #scope: Scope;
  readonly #gpu: Gpu;
  readonly #layer: string;
  /** As it is saved; some methods take matrices alone. */
  readonly #shape: Shape;
  readonly #weight: Tensor;
  readonly #input: Tensor;
  readonly #values: Float64Array;
  readonly #outputs: Float64Array;
  /** Kernels assume neither NaN nor infinities. */
  readonly #notFinite: GradproofError | undefined;

  constructor(gpu: Gpu, { layer, weight, input }: NamedWeight) {
    const shape = matrixView(weight.shape);
    this.#gpu = gpu;
    this.#layer = layer;
    this.#shape = weight.shape;
    using scope = new Scope();
    this.#weight = scope.add(Tensor.from(gpu, { ...weight, shape }));
    this.#input = scope.add(Tensor.from(gpu, input));
    this.#values = valuesOf(weight);
    this.#outputs = productOf(valuesOf(input), this.#values, shape[1]);
    this.#notFinite = notFiniteIn({ weight, input });
    this.#scope = scope.move();
  }

  /**
   * Quantizes, multiplies, and at the end reads back what is compared on the host in float64. What a
   * method or the device refuses is the result; throws DeviceLostError alone, and InvariantError.
   */
  async measure(backend: QuantizerBackend, scheme: WholeChoice): Promise<Measured> {
    const started = performance.now();
    const result = await this.#result(backend, scheme);
    const tookMs = performance.now() - started;
    return { layer: this.#layer, scheme, tookMs, result };
  }

  async #result(backend: QuantizerBackend, scheme: WholeChoice): Promise<Measured['result']> {
    if (this.#notFinite) return refusalOf(this.#notFinite);
    const { device } = this.#gpu;
    let costs: Costs | undefined;
    const errors: (GradproofError | undefined)[] = [];
    try {
      const outer = await gpuErrorIn(device, 'validation', async () => {
        errors.push(
          await gpuErrorIn(device, 'out-of-memory', async () => {
            costs = await this.#costs(backend, scheme);
          }),
        );
      });
      errors.push(outer);
    } catch (error) {
      if (this.#gpu.lost) throw new DeviceLostError(this.#gpu.lost);
      return refusalOf(error);
    }
    if (this.#gpu.lost) throw new DeviceLostError(this.#gpu.lost);
    return costs && errors.every((error) => !error) ? costs : refusalOf(errors.find(Boolean));
  }

  async #costs(backend: QuantizerBackend, scheme: WholeChoice): Promise<Costs> {
    const quantizer = createQuantizer(backend, scheme);
    quantizer.requireFit(this.#shape, this.#layer);
    const quantize = (): DeviceWeight => {
      using tape = new Tape(this.#gpu);
      return quantizer.quantizeWeight(tape, this.#weight, this.#layer);
    };
    const quantizeMs = await this.#time(() => {
      using once = new Scope();
      once.addAll(quantize().parts);
    });
    using scope = new Scope();
    const made = quantize();
    scope.addAll(made.parts);
    {
      using tape = new Tape(this.#gpu);
      calibrate(tape, made, this.#input, this.#layer);
    }
    const multiplyMs = await this.#time(() => {
      using tape = new Tape(this.#gpu);
      multiplied(tape, made, this.#input, this.#layer);
    });
    const tape = scope.add(new Tape(this.#gpu));
    const decoded = decodedWeight(tape, made, this.#layer);
    const y = multiplied(tape, made, this.#input, this.#layer);
    const bytes = Object.values(made.parts).reduce((sum, part) => sum + part.bytes, 0);
    if (bytes !== predictedBytes(scheme, this.#weight.shape))
      throw new InvariantError(`${scheme.method} took ${bytes} bytes, which it does not predict`);
    return {
      weight: squareSums(valuesOf(await decoded.read()), this.#values),
      output: squareSums(valuesOf(await y.read()), this.#outputs),
      bytes,
      elements: sizeOf(this.#weight.shape),
      quantizeMs,
      multiplyMs,
    };
  }

  /** The median, from the call to the end on the device, after a run that compiles. */
  async #time(work: () => void): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i <= REPEATS; i++) {
      const started = performance.now();
      work();
      await this.#gpu.finish();
      if (i > 0) times.push(performance.now() - started);
    }
    return times.toSorted((a, b) => a - b)[(REPEATS - 1) / 2] as number;
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/**
 * Throws QuantizerError `too-large` for a weight that no kernel of the adapter reaches as a whole: it
 * is measured as one.
 */
export function requireReach(
  gpu: Pick<Gpu, 'limits'>,
  { layer, shape }: Pick<WeightSource, 'layer' | 'shape'>,
): void {
  const bytes = sizeOf(shape) * bytesPerElement('f32');
  const most = mostAtOnce(gpu);
  if (bytes <= most) return;
  throw new QuantizerError(
    'too-large',
    `${layer} ${formatShape(shape)} has ${bytes} bytes in float32, and a kernel of this adapter reaches ${most}: take an adapter that reaches more, or quantize it by rows with quantizeRows of the library`,
  );
}

/** Refuses every scheme for a layer that never reaches the device. */
export function refusedLayer(
  layer: string,
  schemes: readonly WholeChoice[],
  error: unknown,
): readonly Measured[] {
  const result = refusalOf(error);
  return schemes.map((scheme) => ({ layer, scheme, tookMs: 0, result }));
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof GradproofError && !(error instanceof InvariantError))
    return { code: error.code, why: error.message };
  throw error;
}
