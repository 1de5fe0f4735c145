import shaders from '../../../shaders/bench/look_ups.wgsl?links';
import storing from '../../../shaders/bench/look_ups_stored.wgsl?links';
import type { Allocation } from '../memory.ts';
import type { Launch } from '../recorder.ts';
import { linearGrid, linkedShader, u32 } from '../shader.ts';

/** Codes that an invocation looks up, and words that it reads at once. */
const CODES = 128;
const WORDS = 4;
const CODES_PER_WORD = 8;
/** Of one that stores them all. */
const STORED = WORDS * CODES_PER_WORD;

/** Invocations that look up at least so many codes. */
export function lookUpsOf(codes: number): number {
  return Math.ceil(codes / CODES);
}

/** Bytes of the codes that so many invocations read, and of the sums that they store. */
export function lookUpBytes(invocations: number): {
  readonly codes: number;
  readonly sums: number;
} {
  return { codes: (invocations * CODES) / 2, sums: 4 * invocations };
}

/** The launch that adds up what `codes` of NF4 stand for, of {@link lookUpBytes}. */
export function lookUps(invocations: number, codes: Allocation, sums: Allocation): Launch {
  const bytes = lookUpBytes(invocations);
  return launchOf(shaders, invocations, [sums, bytes.sums], [codes, bytes.codes]);
}

/** Invocations that look up and store at least so many codes. */
export function storedLookUpsOf(codes: number): number {
  return Math.ceil(codes / STORED);
}

/** Bytes of the codes that so many of these read, and of the values that they store. */
export function storedLookUpBytes(invocations: number): {
  readonly codes: number;
  readonly values: number;
} {
  return { codes: (invocations * STORED) / 2, values: 4 * invocations * STORED };
}

/** The launch that stores what `codes` of NF4 stand for, of {@link storedLookUpBytes}. */
export function storedLookUps(invocations: number, codes: Allocation, values: Allocation): Launch {
  const bytes = storedLookUpBytes(invocations);
  return launchOf(storing, invocations, [values, bytes.values], [codes, bytes.codes]);
}

/** So many invocations of a kernel that is linked with NF4, with memory and how much it binds. */
function launchOf(
  linked: typeof shaders,
  invocations: number,
  ...bound: readonly (readonly [memory: Allocation, size: number])[]
): Launch {
  return {
    shader: linkedShader(linked, 'nf4'),
    bindings: bound.map(([memory, size]) => ({ memory, offset: 0, size })),
    uniforms: [u32(invocations)],
    workgroups: linearGrid(invocations),
  };
}

/** What the codes of {@link wholeCodes} stand for: sums of them are not rounded. */
const WHOLE: Readonly<Record<number, number>> = { 0: -1, 7: 0, 15: 1 };

/** So many bytes of codes in words, no two alike in a row. */
export function wholeCodes(bytes: number): Uint32Array<ArrayBuffer> {
  const codes = Object.keys(WHOLE).map(Number);
  const word = (index: number) => {
    let bits = 0;
    for (let i = 0; i < CODES_PER_WORD; i++) {
      const code = codes[(5 * index + i * (1 + (index % 7))) % codes.length] as number;
      bits |= code << (4 * i);
    }
    return bits;
  };
  return Uint32Array.from({ length: bytes / 4 }, (_, i) => word(i));
}

/** What must be stored to `index` of the values, given these codes. */
export function expectedValue(codes: Uint32Array, index: number): number {
  const word = codes[Math.floor(index / CODES_PER_WORD)] as number;
  return WHOLE[(word >>> (4 * (index % CODES_PER_WORD))) & 15] as number;
}

/** What it must store to `index` of the sums, given these codes. */
export function expectedLookUp(invocations: number, codes: Uint32Array, index: number): number {
  let sum = 0;
  for (let at = index * WORDS; at < codes.length; at += invocations * WORDS) {
    for (const word of codes.subarray(at, at + WORDS)) {
      for (let i = 0; i < CODES_PER_WORD; i++) sum += WHOLE[(word >>> (4 * i)) & 15] as number;
    }
  }
  return sum;
}
