/** Floats of few bits: the bits of a code are a sign, an exponent and a fraction. */
export interface SmallFloat {
  /** What the codes without a sign stand for, ascending from zero. */
  readonly magnitudes: readonly number[];
  /** The code of a negative zero, or of no number. */
  readonly sign: number;
  /** Whether zero has a sign. */
  readonly signedZero: boolean;
  /** Where a number between two codes goes that is as near to either. */
  readonly ties: 'even' | 'zero';
}

/** Of `exponents` bits, by default with the usual bias, up to the largest number. */
function magnitudes(
  exponents: number,
  fraction: number,
  largest: number,
  bias = 2 ** (exponents - 1) - 1,
): readonly number[] {
  const magnitude = (code: number) => {
    const exponent = Math.floor(code / 2 ** fraction);
    const rest = (code % 2 ** fraction) / 2 ** fraction;
    return exponent === 0 ? rest * 2 ** (1 - bias) : (1 + rest) * 2 ** (exponent - bias);
  };
  return Array.from({ length: 2 ** (exponents + fraction) }, (_, code) => magnitude(code)).filter(
    (value) => value <= largest,
  );
}

const BYTE = { sign: 128, signedZero: true, ties: 'even' } as const;
/** OCP's e4m3fn, without infinities. */
export const E4M3: SmallFloat = { ...BYTE, magnitudes: magnitudes(4, 3, 448) };
/** The same with a bias of 8 (e4m3fnuz): one zero, and its code with a sign is the only NaN. */
export const E4M3FNUZ: SmallFloat = {
  ...BYTE,
  magnitudes: magnitudes(4, 3, 240, 8),
  signedZero: false,
};
/** IEEE's e5m2; its infinity is no number of it. */
export const E5M2: SmallFloat = { ...BYTE, magnitudes: magnitudes(5, 2, 57_344) };
/** OCP's e2m1 as MLX rounds to it. */
export const E2M1: SmallFloat = {
  ...{ magnitudes: magnitudes(2, 1, 6), sign: 8, signedZero: true, ties: 'zero' },
};

/** The code without a sign of the number nearest to |y|; what is larger than all gets the last. */
function magnitudeCode(y: number, { magnitudes: values, ties }: SmallFloat): number {
  const size = Math.abs(y);
  let code = 0;
  let end = values.length - 1;
  while (code < end) {
    const low = Math.floor((code + end) / 2);
    const middle = ((values[low] as number) + (values[low + 1] as number)) / 2;
    const isPast = size > middle || (size === middle && ties === 'even' && low % 2 === 1);
    if (isPast) code = low + 1;
    else end = low;
  }
  return code;
}

/** The code of a magnitude with the sign of `y`, where it has one. */
function withSignOf(y: number, code: number, { sign, signedZero }: SmallFloat): number {
  const isNegative = y < 0 || Object.is(y, -0);
  return isNegative && (code > 0 || signedZero) ? code + sign : code;
}

/** The code of the number nearest to `y`. */
export function nearestCode(y: number, format: SmallFloat): number {
  return withSignOf(y, magnitudeCode(y, format), format);
}

/** Codes of all numbers that are nearest to one of [y - off, y + off]; of a zero with a sign both. */
export function codesAround(y: number, off: number, format: SmallFloat): readonly number[] {
  const size = Math.abs(y);
  const low = magnitudeCode(Math.max(0, size - off), format);
  const high = magnitudeCode(size + off, format);
  const codes = Array.from({ length: high - low + 1 }, (_, i) => withSignOf(y, low + i, format));
  return low === 0 && format.signedZero ? [...codes, withSignOf(-y, 0, format)] : codes;
}

/** What a code stands for; of one that stands for no number, NaN. */
export function valueOfCode(
  code: number,
  { magnitudes: values, sign, signedZero }: SmallFloat,
): number {
  if (code === sign && !signedZero) return Number.NaN;
  const value = values[code % sign] ?? Number.NaN;
  return code < sign ? value : -value;
}
