import shader from '../../shaders/lib/probe.wgsl';
import type { Gpu } from './gpu.ts';

/** What the adapter's float arithmetic does, as found by running it: the rules of the bounds depend on it. */
export interface Probe {
  /** Of additions whose exact sum lies between two floats. */
  readonly rounding: 'nearest' | 'truncating' | 'other';
  /** Whether products below 2^-126 survive. */
  readonly denormals: 'kept' | 'flushed';
  /** Whether a*b+c is computed with one rounding. */
  readonly contraction: 'fused' | 'none';
  /** Whether quotients are the nearest float. */
  readonly exactDivision: boolean;
  readonly subgroupSize: number | null;
  readonly tookMs: number;
}

type Triple = readonly [number, number, number];
const ULP = 2 ** -23;

/** Sums a + b that fall on a quarter, a half and three quarters between neighbours; nearest-even, truncation and upward differ. */
const SUMS: readonly Triple[] = [
  [1, ULP * 0.25, 0],
  [1, ULP * 0.5, 0],
  [1, ULP * 0.75, 0],
  [1 + ULP, ULP * 0.5, 0],
  [-1, -ULP * 0.75, 0],
  [-1, -ULP * 0.25, 0],
  [1 + 3 * ULP, ULP * 0.5, 0],
  [3, ULP * 1.5, 0],
];

/** Quotients a / b whose nearest float is missed by a multiplication with the rounded reciprocal. */
const QUOTIENTS: readonly Triple[] = [
  [1, 3, 0],
  [10, 7, 0],
  [5, 49, 0],
  [2, 3, 0],
  [7, 41, 0],
  [9, 11, 0],
  [1, 49, 0],
  [3, 83, 0],
  [13, 29, 0],
  [17, 61, 0],
  [11, 97, 0],
  [25, 37, 0],
];

/** A product that is a denormal, and one that is normal to show that the kernel ran. */
const PRODUCTS: readonly Triple[] = [
  [2 ** -100, 2 ** -30, 0],
  [1.5, 2, 0],
];

/** (1 + u)^2 - (1 + 2u) is u^2 with one rounding and 0 with two. */
const CHAINS: readonly Triple[] = [[1 + ULP * 2, 1 + ULP * 2, -(1 + ULP * 4)]];

const SECTION = 16;

/** Runs the probe: a few milliseconds after its pipeline is compiled. */
export async function probe(gpu: Gpu): Promise<Probe> {
  const started = performance.now();
  const triples = new Float32Array(4 * SECTION * 3).fill(1);
  [SUMS, QUOTIENTS, PRODUCTS, CHAINS].forEach((section, s) => {
    section.forEach((triple, i) => {
      triples.set(triple, (s * SECTION + i) * 3);
    });
  });
  const inputs = gpu.allocate(triples.byteLength);
  const outputs = gpu.allocate(4 * SECTION * 4);
  try {
    gpu.write(inputs, triples);
    const binding = ({ buffer, bytes }: typeof inputs) => ({ buffer, size: bytes });
    gpu.dispatch({ shader, bindings: [binding(inputs), binding(outputs)], workgroups: [1, 1, 1] });
    const results = new Float32Array(await gpu.read(outputs, 4 * SECTION * 4));
    const section = (s: number) => results.subarray(s * SECTION, (s + 1) * SECTION);
    return {
      rounding: roundingOf(section(0)),
      denormals: section(2)[0] === 2 ** -130 ? 'kept' : 'flushed',
      contraction: section(3)[0] === 0 ? 'none' : 'fused',
      exactDivision: QUOTIENTS.every(([a, b], i) => section(1)[i] === Math.fround(a / b)),
      subgroupSize: gpu.device.adapterInfo?.subgroupMinSize ?? null,
      tookMs: performance.now() - started,
    };
  } finally {
    gpu.memory.free(inputs);
    gpu.memory.free(outputs);
  }
}

function roundingOf(sums: Float32Array): Probe['rounding'] {
  if (SUMS.every(([a, b], i) => sums[i] === Math.fround(a + b))) return 'nearest';
  return SUMS.every(([a, b], i) => sums[i] === towardZero(a + b)) ? 'truncating' : 'other';
}

function towardZero(x: number): number {
  const nearest = Math.fround(x);
  if (Math.abs(nearest) <= Math.abs(x)) return nearest;
  const bits = new Uint32Array(Float32Array.of(nearest).buffer);
  bits[0] = (bits[0] as number) - 1;
  return new Float32Array(bits.buffer)[0] as number;
}
