import type { Gpu } from '../../src/gpu/gpu.ts';
import { answers, probe as ask, QUESTIONS } from '../../src/gpu/probe.ts';
import { areNeighbours, quadMembers } from '../../src/gpu/quads.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { seam } from '../../src/seam.ts';
import { suite } from '../../src/testing/suite.ts';
import { isSwiftShader } from '../swiftshader.ts';

export const probe = suite('gpu.probe', {
  description:
    'The probe of the float arithmetic asks what it says it asks: every answer is one that WGSL allows',
});

type Triple = readonly [a: number, b: number, c: number];

/**
 * Units in the last place that WGSL grants the five operations with one float each: the nearest
 * two, 2.5 for a quotient, 3 for a root.
 */
const OPERATIONS = [
  { name: 'sums', exact: ([a, b]: Triple) => a + b, ulps: 1 },
  { name: 'quotients', exact: ([a, b]: Triple) => a / b, ulps: 2.5 },
  { name: 'roots', exact: ([a]: Triple) => Math.sqrt(a), ulps: 3 },
  { name: 'products', exact: ([a, b]: Triple) => a * b, ulps: 1 },
] as const;

/**
 * The largest float; what exceeds it may be it or infinity. Below the smallest normal one, 0 is
 * right too.
 */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
const SMALLEST_NORMAL = 2 ** -126;

probe
  .case('answers')
  .desc(
    'Sums, quotients, roots and products of the probe are as near to the exact ones as WGSL demands.',
  )
  .control('product in place of the sum', (fault) =>
    fault.shader('lib/probe', 'bitcast<u32>(a + b)', 'bitcast<u32>(a * b)'),
  )
  .run(async (t) => {
    t.gpu.memory.guarded = true;
    const words = await answers(t.gpu);
    for (const [i, { name, exact, ulps }] of OPERATIONS.entries()) {
      const questions = (QUESTIONS[i] as readonly Triple[]).filter(
        ([a, b]) => isOrdinary(a) && isOrdinary(exact([a, b, 0])),
      );
      const places = questions.map((question) =>
        (QUESTIONS[i] as readonly Triple[]).indexOf(question),
      );
      const floats = new Float32Array((words[i] as Uint32Array).slice().buffer);
      const truth = questions.map(exact);
      t.expectAccepted(
        name,
        vector(places.map((place) => floats[place] as number)),
        vector(truth),
        within(truth, ulps),
      );
    }
  });

probe
  .case('corner-answers')
  .desc(
    'Overflow, denormals, the fused product and halves give one of the answers that the probe tells apart.',
  )
  .control('product and difference', (fault) => fault.shader('lib/probe', 'a * b + c', 'a * b - c'))
  .run(async (t) => {
    t.gpu.memory.guarded = true;
    const [, , , products, chains, halves] = await answers(t.gpu);
    const floats = (part: Uint32Array) => new Float32Array(part.slice().buffer);
    const [small, revived, over] = floats(products);
    const [rest, undefinedSum] = floats(chains);
    t.expect([0, 2 ** -130].includes(small as number), () => `2^-100 * 2^-30 is ${small}`);
    t.expect([0, 2 ** -100].includes(revived as number), () => `2^-130 * 2^30 is ${revived}`);
    t.expect(
      [LARGEST, Number.POSITIVE_INFINITY].includes(over as number),
      () => `the largest float twice is ${over}`,
    );
    t.expect([0, 2 ** -44].includes(rest as number), () => `(1 + 2u)^2 - (1 + 4u) is ${rest}`);
    t.expect(
      !Number.isFinite(undefinedSum) || undefinedSum === Number.NEGATIVE_INFINITY,
      () => `Infinity - Infinity is ${undefinedSum}`,
    );
    const [ties] = halves;
    const low = (ties as number) & 0xffff;
    const high = (ties as number) >>> 16;
    t.expect(
      [0x3c00, 0x3c01].includes(low) && [0x3c01, 0x3c02].includes(high),
      () => `the halves of ties are ${low} and ${high}`,
    );
    const largest = halves[2] as number;
    t.expect(
      [0x7bff, 0x7c00].includes(largest & 0xffff) && largest >>> 16 === 0xfbff,
      () => `the largest halves are ${largest}`,
    );
  });

probe
  .case('quads')
  .desc(
    'The lanes of a quad are four invocations of a workgroup that follow each other, as the kernels that share in quads take for granted. On SwiftShader they are, so that a probe that says otherwise is wrong.',
  )
  .control('every invocation tells the lanes of another workgroup', (fault) =>
    fault.shader('lib/quads', 'members[own]', 'members[own ^ SIZE]'),
  )
  .run(async (t) => {
    const { device, features } = t.gpu;
    const used = isSwiftShader(t) ? device.features : features;
    if (!used.has('subgroups')) t.skip('missing-feature', 'subgroups');
    t.gpu.memory.guarded = true;
    const members = await quadMembers(t.gpu);
    t.expect(areNeighbours(members), () => `the first quads are ${members.slice(0, 64)}`);
  });

/**
 * Milliseconds that the fastest of five probes takes; the first of a device also compiles its
 * pipeline.
 */
const fastest = seam('probe.fastest', async (gpu: Gpu): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push((await ask(gpu)).tookMs);
  return Math.min(...times);
});

probe
  .case('duration')
  .desc('The fastest of five probes takes less than 50 ms, even on a busy computer.')
  .control('a probe that takes 50 ms more', (fault) =>
    fault.host(
      'probe.fastest',
      (original) =>
        async (...args) =>
          50 + ((await original(...args)) as number),
    ),
  )
  .run(async (t) => {
    const ms = await fastest(t.gpu);
    t.metric('probeMs', ms);
    t.expect(ms < 50, () => `a probe takes ${ms.toFixed(1)} ms`);
  });

function isOrdinary(x: number): boolean {
  return Math.abs(x) >= SMALLEST_NORMAL && Math.abs(x) <= LARGEST;
}

function vector(numbers: readonly number[]): Value {
  return { shape: [numbers.length], data: Float64Array.from(numbers) };
}

function within(truth: readonly number[], ulps: number): Acceptance {
  const bound = truth.map((x) => ulps * 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23));
  return { kind: 'within', bound: Float64Array.from(bound) };
}
