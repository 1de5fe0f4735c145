import { WebGpuBackend } from '../backends/webgpu.ts';
import { GradproofError } from '../errors.ts';
import type { FormatError } from '../formats/format-error.ts';
import type { ParityBundle } from '../formats/parity-bundle.ts';
import type { CheckpointWeight } from '../formats/quantized-checkpoint.ts';
import { launchers } from '../ops/registry.ts';
import type { OpRecord } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { formatShape, sizeOf } from '../tensor/shape.ts';
import type { CaseContext } from './context.ts';
import { checkWeight } from './parity/checkpoint.ts';
import { controlOfGeneration, GENERATION } from './parity/llama/generation.ts';
import { controlOfLogits, LOGITS } from './parity/llama/logits.ts';
import { INTERLEAVED, TRAINING_RUN } from './parity/llama/replay.ts';
import { replay } from './parity/replay.ts';
import { type Case, type Control, SuiteBuilder } from './suite.ts';

/** An oracle of a large bundle takes its time on the host. */
const TIMEOUT_MS = 60_000;
/**
 * Elements of a checkpoint's weight that are decoded and judged in a millisecond at least; two busy
 * cores did three times as many.
 */
const ELEMENTS_A_MS = 100;
/** A run that strays is judged by the spread of five more. */
const RUN_TIMEOUT_MS = 300_000;
/** Of each step of it, with those of the five; two busy cores took a tenth. */
const STEP_TIMEOUT_MS = 3000;

/** The case `parity.<op>:<name>` that replays a bundle with the verdict of three parties. */
export function declareReplay(name: string, bundle: ParityBundle): Case {
  return declare({
    op: bundle.op,
    name,
    description: `${bundle.op} as ${bundle.producer} recorded it (${bundle.device}): is ours within the bound of the float64 oracle, and is the recorded value?`,
    control: controlOf(bundle.op, bundle),
    timeoutMs: timeoutOf(bundle),
    run: (t) => replay(t, bundle, new WebGpuBackend(t.gpu)),
  });
}

function timeoutOf({ op, params }: ParityBundle): number {
  if (op !== TRAINING_RUN) return TIMEOUT_MS;
  const { steps = 0 } = params as { readonly steps?: number };
  return RUN_TIMEOUT_MS + STEP_TIMEOUT_MS * steps;
}

/** The case `parity.checkpoint:<name>` that decodes a weight of a pre-quantized checkpoint. */
export function declareWeight(name: string, weight: CheckpointWeight): Case {
  const { format, blocksize, shape, dtype, nested } = weight;
  const kept = nested ? 'scales in 8 bits' : 'scales in 32 bits';
  return declare({
    op: 'checkpoint',
    name,
    description: `a ${dtype} weight ${formatShape(shape)} in ${format.name}, blocks of ${blocksize}, ${kept}: is every element that our kernels decode within the bound of the float64 oracle?`,
    control: controlOf('dequantize_4bit'),
    timeoutMs: TIMEOUT_MS + Math.ceil(sizeOf(shape) / ELEMENTS_A_MS),
    run: (t) => checkWeight(t, weight),
  });
}

/** The case `parity.unreadable:<name>` that ends as `error` with what is wrong with a file. */
export function declareUnreadable(name: string, error: FormatError): Case {
  return declare({
    op: 'unreadable',
    name,
    description: 'a file that is not a parity bundle',
    control: { name: 'no fault is known of a file that cannot be read', faults: [] },
    run: () => Promise.reject(new GradproofError(error.code, error.message, { cause: error })),
  });
}

/** The fault that turns the replay of an op red; of a model it depends on what the bundle asks. */
export function controlOf(op: string, bundle?: ParityBundle): Control {
  if (op === LOGITS && bundle) return controlOfLogits(bundle);
  if (op === GENERATION && bundle) return controlOfGeneration(bundle);
  if (op === TRAINING_RUN || op === LOGITS || op === GENERATION) return INTERLEAVED;
  const record = records.get(op);
  return record
    ? forwardFault(record)
    : { name: 'no fault is known of an op that is not there', faults: [] };
}

interface Declaration {
  readonly op: string;
  readonly name: string;
  readonly description: string;
  readonly control: Control;
  /** Default {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  readonly run: (t: CaseContext) => Promise<void>;
}

function declare({
  op,
  name,
  description,
  control,
  timeoutMs = TIMEOUT_MS,
  run,
}: Declaration): Case {
  const suite = new SuiteBuilder(`parity.${op}`);
  suite
    .case(name)
    .desc(description)
    .timeout(timeoutMs)
    .control(control.name, control.faults)
    .run(run);
  return suite.cases[0] as Case;
}

/**
 * The record's first forward fault of every variant, for floats and for integers: whichever runs is
 * broken.
 */
export function forwardFault(record: OpRecord): Control {
  const forward = record.faults.filter(({ direction = 'forward' }) => direction === 'forward');
  const variants = Object.keys(launchers.get(record.name)?.variants ?? {});
  const chosen = new Set(
    variants.flatMap((variant) =>
      [false, true].map((of) =>
        forward.find(
          ({ variants: own, integers = of }) => integers === of && (own?.includes(variant) ?? true),
        ),
      ),
    ),
  );
  const faults = [...chosen].filter((fault) => fault !== undefined);
  return {
    name: faults.map((fault) => fault.name).join(', '),
    faults: [...faults, ...new Set(faults.flatMap(({ also = [] }) => also))],
  };
}
