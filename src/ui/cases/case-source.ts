import type { PlanEntry } from '../../harness/events.ts';
import type { Recording } from '../../harness/recordings.ts';
import type { OpRecord } from '../../reference/record.ts';
import { keyOf } from '../../report/case-key.ts';
import { type HostTensor, valuesOf } from '../../tensor/host.ts';
import type { Case, Given } from '../../testing/suite.ts';
import { harness } from '../app/harness.ts';

/** One tensor that a case computes from, told in a line. */
export interface InputSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Smallest, largest and mean of its finite elements; undefined where there is none. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** Shares of all elements. */
  readonly zeros: number;
  readonly notFinite: number;
  /** How many elements lie in which of equal parts from min to max. */
  readonly bins: readonly number[];
}

/** What the named fault of a case changes. */
export type FaultChange =
  | { readonly kind: 'shader'; readonly file: string; readonly from: string; readonly to: string }
  /** A launcher's arguments, or a function of the host, by its name. */
  | { readonly kind: 'launch' | 'host'; readonly name: string };

/** One way to run the op of a case. */
export interface VariantInfo {
  readonly name: string;
  readonly kernels: readonly string[];
  readonly needs: readonly string[];
}

/** What the code tells of a case that has not run; none of it needs a device. */
export interface CaseSource {
  readonly changes: readonly FaultChange[];
  /** What the case's op is given; absent of cases that do more than run one op. */
  readonly given?: GivenInfo;
}

/** What an op is given in a case. */
export interface GivenInfo {
  readonly op: string;
  readonly variant: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputSummary[];
  readonly variants: readonly VariantInfo[];
  /**
   * The case as a recording of the float64 oracle, which Python can read; undefined where the
   * vocabulary has no such op.
   */
  readonly recording: () => Promise<Recording | undefined>;
}

/** Reads a case of the plan; undefined for what is in no registry, as a recording. */
export async function sourceOf(entry: PlanEntry, seed: number): Promise<CaseSource | undefined> {
  const { cases, launchers, records } = await harness();
  const declared = cases.get(keyOf(entry));
  if (!declared) return undefined;
  const changes = changesOf(declared);
  const given = declared.given?.(seed);
  const record = given && records.get(given.op.name);
  if (!given || !record) return { changes };
  const variants = Object.entries(launchers.get(given.op.name)?.variants ?? {});
  const gradOutput = Object.fromEntries(
    Object.entries(given.grads ?? {}).map(([name, host]) => [`grad.${name}`, host]),
  );
  return {
    changes,
    given: {
      op: given.op.name,
      variant: given.variant,
      params: given.params as Readonly<Record<string, unknown>>,
      inputs: Object.entries({ ...given.inputs, ...gradOutput }).map(([name, host]) =>
        summarize(name, host),
      ),
      variants: variants.map(([name, { kernels, needs = [] }]) => ({ name, kernels, needs })),
      recording: () => recordingOf(declared, given, record as OpRecord),
    },
  };
}

/** What a control would change. */
export function changesOf({ control }: Pick<Case, 'control'>): readonly FaultChange[] {
  return control.faults.map((fault) => {
    if ('shader' in fault) {
      const { file, from, to } = fault.shader;
      return { kind: 'shader', file, from, to };
    }
    return 'launch' in fault
      ? { kind: 'launch', name: fault.launch.seam }
      : { kind: 'host', name: fault.host.seam };
  });
}

const BINS = 24;

/** What there is to say of a tensor's elements. */
export function summarize(name: string, host: HostTensor): InputSummary {
  const data = valuesOf(host);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let finite = 0;
  let zeros = 0;
  for (const x of data) {
    if (!Number.isFinite(x)) continue;
    finite++;
    sum += x;
    min = Math.min(min, x);
    max = Math.max(max, x);
    if (x === 0) zeros++;
  }
  const bins = new Array<number>(BINS).fill(0);
  for (const x of data) {
    const bin = Math.min(BINS - 1, Math.floor((BINS * (x - min)) / (max - min || 1)));
    if (Number.isFinite(x)) bins[bin] = (bins[bin] as number) + 1;
  }
  const share = (part: number) => (data.length === 0 ? 0 : part / data.length);
  const size = finite === 0 ? {} : { min, max, mean: sum / finite };
  return {
    name,
    dtype: host.dtype,
    shape: host.shape,
    ...size,
    zeros: share(zeros),
    notFinite: share(data.length - finite),
    bins,
  };
}

/** The inputs of a case and what the oracle makes of them, as a parity bundle. */
async function recordingOf(
  declared: Case,
  given: Given,
  record: OpRecord,
): Promise<Recording | undefined> {
  const { bundleOfGiven } = await import('../../testing/given-bundle.ts');
  const bytes = bundleOfGiven(given, record);
  if (!bytes) return undefined;
  const file = `${declared.id.replace(/[^\w.-]+/g, '_')}.safetensors`;
  const params = given.params as Readonly<Record<string, unknown>>;
  return {
    op: given.op.name,
    params,
    producer: 'gradproof float64 oracle',
    device: 'cpu',
    note: declared.id,
    file,
    bytes,
    hasGradients: given.grads !== undefined,
  };
}
