import { InvariantError } from '../errors.ts';
import type { Application } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import type { Variant } from '../ops/variants.ts';
import { finiteOrNull, type WrongElement } from '../reference/judge.ts';
import type { HostTensor } from '../tensor/host.ts';
import { hostTensorFromBytes } from '../tensor/host.ts';
import { coordinatesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StepFingerprints } from '../train/fingerprints.ts';
import type { Trainer } from '../train/trainer.ts';
import { type Fingerprint, findBitFlip, fingerprintOf } from './bit-flip.ts';
import { AssertionError, type CaseContext } from './context.ts';
import { judgeApplications } from './judge-step.ts';

/** The first tensor of a run whose bits were not the same when it was run again. */
export interface Deviation {
  readonly step: number;
  /** Its place among the tensors that the step computed. */
  readonly tensor: number;
  /** Its fingerprints, in the run and in the replay. */
  readonly seen: readonly [before: Fingerprint, again: Fingerprint];
}

/** Compares what a step computed in a run and in its replay. */
export function deviationOf(
  step: number,
  before: StepFingerprints,
  again: StepFingerprints,
): Deviation | undefined {
  const word = again.findIndex((sum, i) => sum !== before[i]);
  if (word < 0) return undefined;
  const tensor = Math.floor(word / 2);
  const at = (sums: StepFingerprints): Fingerprint => [
    sums[2 * tensor] as number,
    sums[2 * tensor + 1] as number,
  ];
  return { step, tensor, seen: [at(before), at(again)] };
}

/**
 * Runs the step of a deviation a third time, with `trainer` in the state before it, every op
 * judged: AssertionError `not-repeatable` names op, layer, step and, where one element differed,
 * the element. An op that is outside its bound now is named by the judge.
 */
export async function nameDeviation(
  t: CaseContext,
  trainer: Trainer,
  { step, tensor, seen }: Deviation,
): Promise<never> {
  let first = 0;
  await trainer.judgedStep(async (applications) => {
    await judgeApplications(t, step, applications);
    const found = computed(applications)[tensor - first];
    if (found) throw await notRepeatable(t, step, found, seen);
    first += computed(applications).length;
  });
  throw new InvariantError(`step ${step} computed fewer tensors than it did`);
}

interface Computed {
  readonly application: Application<Tensor>;
  /** In words. */
  readonly name: string;
  readonly tensor: Tensor;
}

/** The tensors that a trainer's fingerprints are of, in their order. */
function computed(applications: readonly Application<Tensor>[]): readonly Computed[] {
  return applications.flatMap((application) => {
    const { gradients, outputs } = application;
    return Object.entries(gradients ?? outputs).map(([name, tensor]) => ({
      application,
      name: gradients ? `gradient of ${name}` : name,
      tensor,
    }));
  });
}

async function notRepeatable(
  { gpu, evidence }: CaseContext,
  step: number,
  { application: { layer, op, variant }, name, tensor }: Computed,
  [before, again]: Deviation['seen'],
): Promise<AssertionError> {
  const launched = launchers.get(op.name)?.variants[variant] as Variant;
  const mayRace = launched.kernels.some((file) => gpu.recorder.pipelines.mayRace(file));
  evidence.reruns = {
    again: ['right'],
    mayRace,
    onFallback: gpu.adapter.isFallback,
    independent: [],
    withinHalf: false,
  };
  const now = await tensor.read();
  const words = new Uint32Array(now.data.buffer, now.data.byteOffset, tensor.size);
  // Of three results two are the same, and the third is the wrong one: as a rule that of the run,
  // but a replay may go wrong as well.
  const changed = String(fingerprintOf(words)) === String(before) ? again : before;
  const at = changedElement(now, words, changed);
  const what = `step ${step}, layer ${layer}, ${op.name} (${variant}): ${name}`;
  const message = at
    ? `${what}[${at.index.join(', ')}] was ${told(at.actual)} once, and is ${told(at.expected)} when the step is run again from the same state, which is right`
    : `${what} was wrong once, in more than one element, and is right when the step is run again from the same state`;
  return new AssertionError('not-repeatable', message, at);
}

const told = (element: number | null): number | string => element ?? 'not finite';

function changedElement(
  { dtype, shape, data }: HostTensor,
  words: Uint32Array,
  changed: Fingerprint,
): WrongElement | undefined {
  const word = findBitFlip(words, changed);
  if (!word) return undefined;
  const [was] = hostTensorFromBytes(dtype, [1], Uint32Array.of(word.was).buffer).data;
  return {
    index: coordinatesOf(word.index, shape),
    actual: finiteOrNull(was as number),
    expected: finiteOrNull(data[word.index] as number),
  };
}
