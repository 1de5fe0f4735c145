import type { OpRecord, Sample } from '../reference/record.ts';
import { isHalf } from '../tensor/dtype.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import { SuiteError } from './suite.ts';

/** A larger sample would take longer and show no more of the storage. */
const MOST_ELEMENTS = 4096;

/** A format of two bytes. */
export type Half = 'f16' | 'bf16';

/** A sample with its tensors in halves. */
export interface HalfSample {
  readonly params: object;
  readonly level: Sample<object>['level'];
  readonly inputs: HostTensors;
  readonly grads?: HostTensors;
}

/**
 * The best sample whose values the format holds: one with gradients rather than without, then one
 * of floats rather than of integers, then the largest. Throws SuiteError where there is none.
 */
export function halfSampleOf(record: OpRecord, dtype: Half, random: Random): HalfSample {
  const drawn = record.samples
    .filter(({ tier = 'quick' }) => tier === 'quick')
    .map(({ params, level, inputs, grads }): HalfSample => {
      const stored = inHalves(inputs(random), dtype);
      const flowing = record.vjp && grads ? { grads: inHalves(grads(random), dtype) } : {};
      return { params, level, inputs: stored, ...flowing };
    })
    .filter(isJudged);
  const hasGradients = (sample: HalfSample) => Number('grads' in sample);
  const isOfFloats = ({ level }: HalfSample) => Number(level === 'legal');
  const [best] = drawn.sort(
    (a, b) =>
      hasGradients(b) - hasGradients(a) ||
      isOfFloats(b) - isOfFloats(a) ||
      elementsOf(b) - elementsOf(a),
  );
  if (!best)
    throw new SuiteError(
      `${record.name} has no quick sample of at most ${MOST_ELEMENTS} elements that ${dtype} can hold`,
    );
  return best;
}

function isJudged(sample: HalfSample): boolean {
  const elements = elementsOf(sample);
  const finite = Object.values(sample.inputs).every((host) =>
    valuesOf(host).every(Number.isFinite),
  );
  const stored = Object.values(sample.inputs).some((host) => isHalf(host.dtype));
  return finite && stored && elements > 0 && elements <= MOST_ELEMENTS;
}

function elementsOf({ inputs }: HalfSample): number {
  return Object.values(inputs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function inHalves(hosts: HostTensors, dtype: Half): HostTensors {
  const store = (host: HostTensor) =>
    host.dtype === 'f32' ? hostTensorFrom(dtype, host.shape, host.data) : host;
  return Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, store(host)]));
}
