import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { referenceResults } from '../../backends/reference.ts';
import { type ParityBundle, readParityBundle } from '../../formats/parity-bundle.ts';
import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Call } from '../../graph/call.ts';
import { wrapSeam } from '../../seam.ts';
import { heldAs } from '../../tensor/half.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { CaseContext, SkipSignal } from '../context.ts';
import { HALVES } from './recorded.ts';
import { replay } from './replay.ts';

/** Share of elements that are 10 % off which must be noticed. */
const ENOUGH = 0.95;
const SETS = { libraries: 'public/parity', 'PyTorch samples': 'public/parity/opinfo' } as const;

type Half = 'F16' | 'BF16';

/** What is recorded in halves, by its names. */
function halvesOf({ tensors: { outputs, gradsOut } }: ParityBundle) {
  return [
    ...Object.entries(outputs).map(([name, tensor]) => ({ group: 'outputs', name, tensor })),
    ...Object.entries(gradsOut).map(([name, tensor]) => ({ group: 'gradsOut', name, tensor })),
  ].filter(({ tensor }) => HALVES[tensor.dtype] !== undefined);
}

function bundlesOf(set: string): readonly ParityBundle[] {
  return readdirSync(set, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.safetensors'))
    .filter((name) => set !== SETS.libraries || !name.startsWith('opinfo'))
    .sort()
    .map((name) => readParityBundle(readFileSync(`${set}/${name}`)))
    .filter((bundle) => bundle.op !== 'train_llama' && halvesOf(bundle).length > 0);
}

/** A copy of the bundle with one drawn element a tenth larger, and its format. */
function withError(
  bundle: ParityBundle,
  random: Random,
): { readonly bundle: ParityBundle; readonly dtype: Half } | undefined {
  const tensors = halvesOf(bundle);
  for (let tries = 0; tries < 50; tries++) {
    const { group, name, tensor } = tensors[
      random.integer(0, tensors.length - 1)
    ] as (typeof tensors)[number];
    const values = float64Of(tensor);
    const half = HALVES[tensor.dtype] as 'f16' | 'bf16';
    const at = random.integer(0, values.length - 1);
    const before = values[at] as number;
    const after = heldAs(half, 1.1 * before);
    if (after === before || !Number.isFinite(after)) continue;
    values[at] = after;
    const { data } = hostTensorFrom(half, tensor.shape, values);
    const wrong: StoredTensor = { ...tensor, bytes: new Uint8Array(data.buffer) };
    const groups = bundle.tensors as unknown as Record<string, Record<string, StoredTensor>>;
    return {
      bundle: {
        ...bundle,
        tensors: { ...bundle.tensors, [group]: { ...groups[group], [name]: wrong } },
      },
      dtype: tensor.dtype as Half,
    };
  }
  return undefined;
}

let gpu: Gpu;
beforeAll(async () => {
  ({ gpu } = await hostGpu());
});

/** What a replay where ours is right finds; undefined where it is skipped. */
async function replayed(bundle: ParityBundle) {
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] });
  const run = async (call: Call<HostTensor>) => referenceResults(call);
  try {
    await replay(t, bundle, { run });
  } catch (error) {
    if (error instanceof SkipSignal) return undefined;
    throw error;
  }
  return { finding: t.evidence.finding };
}

/** How many bundles in a format got an error, and of how many the finding is another for that. */
async function noticedOf(bundles: readonly ParityBundle[]) {
  const counts: Record<Half, { planted: number; noticed: number }> = {
    F16: { planted: 0, noticed: 0 },
    BF16: { planted: 0, noticed: 0 },
  };
  const random = new Random(3);
  for (const bundle of bundles) {
    const wrong = withError(bundle, random);
    if (!wrong) continue;
    const before = await replayed(bundle);
    const after = await replayed(wrong.bundle);
    if (!before || !after) continue;
    counts[wrong.dtype].planted++;
    if (after.finding && after.finding.message !== before.finding?.message)
      counts[wrong.dtype].noticed++;
  }
  return counts;
}

describe.each(Object.entries(SETS))('recordings in halves of %s', (_, set) => {
  const bundles = bundlesOf(set);

  test('deviate from nothing', async () => {
    expect(bundles.length).toBeGreaterThan(30);
    for (const bundle of bundles) {
      const finding = (await replayed(bundle))?.finding;
      expect(finding?.code, finding?.message).not.toBe('producer-deviates');
    }
  });

  test('show an element that is 10 % off', async () => {
    for (const { planted, noticed } of Object.values(await noticedOf(bundles))) {
      expect(planted).toBeGreaterThan(10);
      expect(noticed / planted).toBeGreaterThanOrEqual(ENOUGH);
    }
  });

  test('would show it less where nothing were known of how they are computed', async () => {
    using _ = wrapSeam('parity.closestOf', () => () => undefined);
    const counts = await noticedOf(bundles);
    expect(counts.BF16.noticed / counts.BF16.planted).toBeLessThan(ENOUGH);
  });
});
