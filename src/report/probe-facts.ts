import type { Probe as GpuProbe } from '../gpu/probe.ts';
import type { Environment } from './schema.ts';

type Probe = Environment['probe'];

/** One thing that the probe found out about an adapter, in plain words. */
export interface ProbeFact {
  /** Its key in the probe. */
  readonly key: string;
  readonly name: string;
  readonly found: string;
  /** What it means for the verdicts. */
  readonly means: string;
}

/** What was found, and what it means for the verdicts. */
type Found = readonly [found: string, means: string];

/** What a fact is called, and each of its values. */
interface Wording<Value extends string> {
  readonly name: string;
  readonly values: Readonly<Record<Value, Found>>;
}

/** What is told by number rather than by name. */
type Measured = 'overflowWord' | 'subgroupSize' | 'timestampQuantumNs' | 'tookMs';

/**
 * The words of all that a probe finds; the arithmetic in the order of its weight for the verdicts.
 */
export interface ProbeWords {
  readonly arithmetic: {
    readonly [K in Exclude<keyof GpuProbe, Measured>]: Wording<`${GpuProbe[K]}`>;
  };
  readonly overflow: { readonly name: string; readonly bits: (hex: string) => Found };
  readonly subgroups: {
    readonly name: string;
    readonly size: (lanes: number) => Found;
    readonly none: Found;
  };
  readonly clock: {
    readonly name: string;
    readonly step: (ns: number) => Found;
    readonly none: Found;
  };
}

/** In English, as reports are. */
export const PROBE_WORDS: ProbeWords = {
  arithmetic: {
    rounding: {
      name: 'Rounding of sums',
      values: {
        nearest: [
          'to the nearest number',
          'The bounds allow twice that error. With exact division too, results must also stay near what is typical of it.',
        ],
        truncating: [
          'toward zero',
          'Allowed, and within the bounds. Errors add up faster than usual; no check fails for that.',
        ],
        other: [
          'to either neighbour',
          'Allowed, and within the bounds. Errors may be larger than usual; no check fails for that.',
        ],
      },
    },
    denormals: {
      name: 'Numbers below 2^-126',
      values: {
        kept: ['kept', 'The bounds allow losing them, so nothing depends on it.'],
        'flushed-in': [
          'taken as 0',
          'The bounds grant 2^-126 an operation for it. Nothing larger is affected.',
        ],
        'flushed-out': [
          'given as 0',
          'The bounds grant 2^-126 an operation for it. Nothing larger is affected.',
        ],
        flushed: [
          'become 0',
          'The bounds grant 2^-126 an operation for it. Nothing larger is affected.',
        ],
      },
    },
    contraction: {
      name: 'a·b + c',
      values: {
        fused: [
          'rounded once',
          'The bounds hold either way. Last digits may differ from chips that round twice.',
        ],
        none: [
          'rounded twice',
          'The bounds hold either way. Last digits may differ from chips that round once.',
        ],
      },
    },
    exactDivision: {
      name: 'Division',
      values: {
        true: [
          'exact: the nearest number',
          'The bounds allow 2.5 units in the last place all the same.',
        ],
        false: [
          'not always the nearest number',
          'The bounds allow 2.5 units in the last place. Results need not stay near what is typical.',
        ],
      },
    },
    exactSqrt: {
      name: 'Square root',
      values: {
        true: ['exact: the nearest number', 'The bounds allow more, so nothing depends on it.'],
        false: [
          'not always the nearest number',
          'The bounds grant what WGSL allows a square root.',
        ],
      },
    },
    keepsInfNaN: {
      name: 'Infinity and NaN',
      values: {
        true: ['kept', 'An overflow shows as what it is.'],
        false: [
          'not kept',
          'An overflow may come out as any number, and is found where that is out of bound.',
        ],
      },
    },
    pack2x16float: {
      name: 'Packing to 16 bits',
      values: {
        nearest: ['to the nearest number, ties to even', 'The bounds allow either neighbour.'],
        other: ['to either neighbour', 'Allowed: the bounds grant either neighbour.'],
      },
    },
    pack2x16floatOverflow: {
      name: 'Packing what 16 bits cannot hold',
      values: {
        infinity: [
          'gives Infinity',
          'Kernels clamp before they pack, so no verdict depends on it.',
        ],
        clamped: [
          'gives the largest number',
          'Kernels clamp before they pack, so no verdict depends on it.',
        ],
        garbage: ['gives garbage', 'Kernels clamp before they pack, so no verdict depends on it.'],
      },
    },
    passesDenormals: {
      name: 'What keeps numbers below 2^-126',
      values: {
        all: ['copy, · 1 and + 0', 'The bounds allow their loss, so nothing depends on it.'],
        'copy, product': ['copy and · 1', 'The bounds allow their loss in a sum.'],
        'copy, sum': ['copy and + 0', 'The bounds allow their loss in a product.'],
        copy: ['a copy alone', 'The bounds allow their loss in arithmetic.'],
        none: ['nothing', 'The bounds allow their loss, so nothing depends on it.'],
        other: ['not even a copy', 'Allowed: the bounds grant the loss.'],
      },
    },
    passesNonFinite: {
      name: 'What keeps Infinity and NaN',
      values: {
        all: ['copy, · 1 and + 0', 'They are found by their bits, wherever they come from.'],
        'copy, product': ['copy and · 1', 'They are looked for in what ops are given.'],
        'copy, sum': ['copy and + 0', 'They are looked for in what ops are given.'],
        copy: ['a copy alone', 'They are looked for in what ops are given.'],
        none: ['nothing', 'Only the host can find them in what it uploads.'],
        other: ['not even a copy', 'Only the host can find them in what it uploads.'],
      },
    },
    comparesNaN: {
      name: 'x != x for NaN',
      values: {
        true: ['true', 'Kernels look at the bits, so no verdict depends on it.'],
        false: ['false', 'Kernels look at the bits, so no verdict depends on it.'],
      },
    },
    quads: {
      name: 'Lanes of a quad',
      values: {
        neighbours: ['follow one another', 'The fast products, which share what they load, run.'],
        scattered: [
          'do not follow one another',
          'The fast products with subgroups are off. Slower kernels compute the same.',
        ],
        none: ['not there', 'No subgroups here: slower kernels compute the same.'],
      },
    },
  },
  overflow: {
    name: '1e38 · 1e38',
    bits: (hex) => [`has the bits ${hex}`, 'Overflow is found by the bits, and judged as such.'],
  },
  subgroups: {
    name: 'Subgroups',
    size: (lanes) => [`${lanes} lanes`, 'Kernels that use them run, and are judged by themselves.'],
    none: ['none', 'Kernels that use them are skipped; others compute the same.'],
  },
  clock: {
    name: 'Clock of the chip',
    step: (ns) => [
      `steps of ${ns < 1000 ? `${ns} ns` : `${Number((ns / 1000).toPrecision(3))} µs`}`,
      'Times are no finer than that. No verdict depends on a time.',
    ],
    none: ['none', 'Times are taken from outside. No verdict depends on a time.'],
  },
};

/**
 * What the probe of an environment found, each with what it means for the verdicts. What another
 * version found and this one does not know is left out.
 */
export function probeFacts(probe: Probe, words = PROBE_WORDS): readonly ProbeFact[] {
  const { arithmetic, overflow, subgroups, clock } = words;
  const fact = (key: string, name: string, found: Found | undefined): ProbeFact[] =>
    found ? [{ key, name, found: found[0], means: found[1] }] : [];
  const valued = (values: Readonly<Record<string, Found>>, value: string) =>
    Object.hasOwn(values, value) ? values[value] : undefined;
  const measured = (
    value: Probe[string] | undefined,
    tell: (value: number) => Found,
    none?: Found,
  ) => (typeof value === 'number' ? tell(value) : value === null ? none : undefined);
  return [
    ...Object.entries<Wording<string>>(arithmetic).flatMap(([key, { name, values }]) =>
      fact(key, name, valued(values, String(probe[key]))),
    ),
    ...fact(
      'overflowWord',
      overflow.name,
      measured(probe['overflowWord'], (word) =>
        overflow.bits(`0x${word.toString(16).padStart(8, '0')}`),
      ),
    ),
    ...fact(
      'subgroupSize',
      subgroups.name,
      measured(probe['subgroupSize'], subgroups.size, subgroups.none),
    ),
    ...fact(
      'timestampQuantumNs',
      clock.name,
      measured(probe['timestampQuantumNs'], clock.step, clock.none),
    ),
  ];
}
