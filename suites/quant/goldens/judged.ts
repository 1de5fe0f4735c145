import { referenceResults } from '../../../src/backends/reference.ts';
import { WebGpuBackend } from '../../../src/backends/webgpu.ts';
import { float64Of } from '../../../src/formats/safetensors/stored.ts';
import type { Call } from '../../../src/graph/call.ts';
import type { Value } from '../../../src/reference/record.ts';
import type { HostTensor, HostTensors } from '../../../src/tensor/host.ts';
import { valuesOf } from '../../../src/tensor/host.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import { replay } from '../../../src/testing/parity/replay.ts';
import { signatureOf } from '../../../src/vocabulary/registry.ts';
import { value } from '../values.ts';
import { bundleOfGolden, type Golden, goldenOf } from './golden.ts';

/** Results that are codes, by the name of the tensor. */
const CODES = ['packed', 'q'] as const;

/** What a golden was judged with. */
export interface JudgedGolden {
  readonly golden: Golden;
  /** What our kernels gave. */
  readonly ours: HostTensors;
  readonly call: Call<HostTensor>;
}

/**
 * Runs a golden's op on the device and judges both by the float64 oracle: a result of ours that is
 * not right fails, and so does one of the library's.
 */
export async function judgeGolden(t: CaseContext, name: string): Promise<JudgedGolden> {
  const golden = await goldenOf(t, name);
  const backend = new WebGpuBackend(t.gpu);
  const ran: { call: Call<HostTensor>; ours: HostTensors }[] = [];
  await replay(t, bundleOfGolden(golden), {
    run: async (call) => {
      const results = await backend.run(call);
      ran.push({ call, ours: results.outputs });
      return results;
    },
  });
  const { finding } = t.evidence;
  t.expect(finding?.code !== 'producer-deviates', () => `${name}: ${finding?.message}`);
  const [only] = ran;
  if (!only) throw new TypeError(`${name} was not computed`);
  return { golden, ...only };
}

/** What our kernels give for a golden's op, which nothing judges yet. */
export async function oursOf(t: CaseContext, { op, params, inputs }: Golden): Promise<HostTensors> {
  const call = { op: signatureOf(op), params, inputs };
  return (await new WebGpuBackend(t.gpu).run(call)).outputs;
}

/**
 * That codes are the library's own: those of the reference on the host, whose arithmetic is IEEE's,
 * and ours where the probe shows the same. Elsewhere ours may be a neighbour in the band, as
 * {@link judgeGolden} has judged. `unjudged` marks elements that are told by what they decode to.
 */
export function expectSameCodes(
  t: CaseContext,
  { golden, ours, call }: JudgedGolden,
  unjudged?: Uint8Array,
): void {
  const { outputs: reference } = referenceResults(call);
  for (const name of CODES) {
    const stored = golden.outputs[name];
    if (!stored) continue;
    const expected = { shape: stored.shape, data: float64Of(stored) };
    const codesOf = (of: HostTensors) =>
      value({ shape: stored.shape, data: valuesOf(of[name] as HostTensor) });
    const same = (what: string, codes: Value) =>
      t.expectAccepted(
        what,
        codes,
        expected,
        { kind: 'exact' },
        name === 'q' ? unjudged : undefined,
      );
    same(`${name} of the reference`, codesOf(reference));
    if (t.ieee) same(name, codesOf(ours));
  }
}
