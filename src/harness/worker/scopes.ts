import { afterAwake } from '../../awake-timer.ts';
import { BridgeTimeoutError } from '../../backends/bridge/error.ts';
import { GradproofError, messageOf } from '../../errors.ts';
import { DeviceLostError, type Gpu } from '../../gpu/gpu.ts';
import { gpuErrorOf } from '../../gpu/gpu-error.ts';
import { GuardError } from '../../gpu/memory.ts';
import { type MemoryStats, memoryTracker } from '../../gpu/memory-tracker.ts';
import { counted } from '../../report/counted.ts';
import { AssertionError, CaseContext, type Evidence, SkipSignal } from '../../testing/context.ts';
import type { Diagnosis, Diagnostics } from '../../testing/diagnosis.ts';
import { FaultInjector } from '../../testing/fault.ts';
import { type Case, SuiteError } from '../../testing/suite.ts';
import type { CaseOutcome } from './messages.ts';

/** What the device's environment implies for a case. */
export interface CaseConditions {
  readonly ieee: boolean;
  readonly seed: number;
  /** Run with the case's named fault injected. */
  readonly control: boolean;
  /** Examine what is judged. */
  readonly details?: boolean;
  /** Digest all that the case reads back. */
  readonly digestReads?: boolean;
  /**
   * Runs the op of a wrong element again to tell whose fault it is; absent where it is not asked
   * for, as of a control.
   */
  readonly diagnostics?: Diagnostics;
}

/** popErrorScope can stay pending after the GPU process died. */
const SCOPE_TIMEOUT_MS = 5_000;
/** How long a failed case waits for the news that the device was lost. */
const LOSS_GRACE_MS = 500;

/**
 * Share of a case's time limit after which a failure is no longer looked into: it must not become a
 * time-out.
 */
const DIAGNOSIS_SHARE = 0.4;

/** What became of a case, and what is known of whose fault a wrong element is. */
type CaseEnd = Pick<CaseOutcome, 'status' | 'skip' | 'error'> & { readonly diagnosis?: Diagnosis };

/**
 * Runs a case inside error scopes, looks for leaks and overwritten guards, and says what that came
 * to; what was compared is in `evidence`. Never throws.
 */
export async function runInScopes(
  declared: Case,
  gpu: Gpu,
  conditions: CaseConditions,
  evidence: Evidence,
): Promise<CaseEnd> {
  const missing = declared.needs.find((feature) => !gpu.features.has(feature));
  if (missing) return { status: 'skip', skip: { code: 'missing-feature', detail: missing } };
  gpu.recorder.dispatched.clear();
  gpu.recorder.shaders.clear();
  gpu.memory.guarded = false;
  const tracker = memoryTracker(gpu);
  const before = gpu.memory.ledger;
  const started = performance.now();
  for (const filter of ['validation', 'out-of-memory', 'internal'] as const)
    gpu.device.pushErrorScope(filter);
  let thrown: unknown;
  let diagnosis: Diagnosis | undefined;
  try {
    const { control, injects } = declared;
    const { ieee, seed } = conditions;
    using injector = new FaultInjector(gpu, control.faults);
    if (conditions.control) injector.inject(...control.faults);
    await declared.run(new CaseContext({ gpu, ieee, seed, injects }, {}, evidence));
    gpu.recorder.submit(); // while the fault is injected
  } catch (error) {
    thrown = error;
  }
  gpu.memory.guarded = false;
  gpu.recorder.discard();
  tracker.stop();
  noteMemory(evidence, tracker.stats);
  if (thrown instanceof AssertionError && thrown.at && evidence.failedCall) {
    const until = started + declared.timeoutMs * DIAGNOSIS_SHARE;
    diagnosis = await conditions.diagnostics?.diagnose(gpu, evidence.failedCall, {
      index: thrown.at.index,
      ieee: conditions.ieee,
      until,
    });
  }
  // Together, since each waits for the GPU process.
  const [unfinished, gpuError, guardError] = await Promise.all([
    thrown === undefined ? errorOf(gpu.finish()) : undefined,
    popScopes(gpu),
    errorOf(gpu.memory.checkGuards()),
  ]);
  thrown ??= unfinished;
  const deliberate = [AssertionError, SkipSignal, SuiteError].some((one) => thrown instanceof one);
  if (!deliberate && (thrown ?? gpuError ?? guardError) !== undefined) await mayBeLost(gpu);
  // A lost device or a GPU error comes first: what was thrown after it is only its consequence.
  const lost = gpu.lost && new DeviceLostError(gpu.lost);
  const failure =
    lost ?? gpuError ?? thrown ?? guardError ?? missed(declared, gpu, before, evidence);
  if (failure === undefined) return { status: 'pass' };
  return { ...verdictOfError(failure), ...(failure === thrown && diagnosis ? { diagnosis } : {}) };
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Operations on a lost device fail a moment before the device says that it is lost. */
async function mayBeLost(gpu: Gpu): Promise<void> {
  await Promise.race([gpu.device.lost, sleep(LOSS_GRACE_MS)]);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What must hold after a case that threw nothing: nothing leaked, something asserted. */
function missed(
  { keepsMemory = false, control }: Case,
  gpu: Gpu,
  before: { liveBytes: number; liveBuffers: number },
  evidence: Evidence,
): AssertionError | undefined {
  const { liveBytes, liveBuffers } = gpu.memory.ledger;
  if (liveBytes !== before.liveBytes && !keepsMemory) {
    return new AssertionError(
      'leak',
      `${counted(liveBytes - before.liveBytes, 'byte')} in ${counted(liveBuffers - before.liveBuffers, 'buffer')} were not freed`,
    );
  }
  if (gpu.recorder.dispatched.size === 0 && breaksKernels(control))
    return new AssertionError(
      'no-kernel',
      'the case ended without one kernel, and is about kernels, as its control says',
    );
  if (evidence.assertions === 0)
    return new AssertionError('nothing-asserted', 'the case ended without one assertion');
  return undefined;
}

/** A fault in a launch may be of a case in which nothing may run: of what is refused, or empty. */
const breaksKernels = ({ faults }: Case['control']): boolean =>
  faults.some((fault) => 'shader' in fault);

/** Device memory of the case as metrics, but for a peak that it measured by itself. */
function noteMemory(
  { metrics }: Evidence,
  { initialBytes, finalBytes, totalUsedBytes }: MemoryStats,
): void {
  metrics['peakBytes'] ??= totalUsedBytes;
  metrics['leakedBytes'] = finalBytes - initialBytes;
}

async function popScopes(gpu: Gpu): Promise<Error | undefined> {
  const scopes = Promise.all([0, 1, 2].map(() => gpu.device.popErrorScope()));
  let cancel = () => {};
  const timeout = new Promise<never>((_, reject) => {
    const message = `the GPU process did not tell its errors within ${SCOPE_TIMEOUT_MS} ms: run the case again; if that stays, restart the browser`;
    cancel = afterAwake(SCOPE_TIMEOUT_MS, () =>
      reject(new GradproofError('scope-timeout', message)),
    );
  });
  try {
    const error = (await Promise.race([scopes, timeout])).find((scoped) => scoped !== null);
    return error ? gpuErrorOf(error) : undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    cancel();
  }
}

function verdictOfError(thrown: unknown): CaseEnd {
  if (thrown instanceof SkipSignal)
    return { status: 'skip', skip: { code: thrown.code, detail: thrown.message } };
  const code = thrown instanceof GradproofError ? thrown.code : 'exception';
  const at = thrown instanceof AssertionError && thrown.at ? { at: thrown.at } : {};
  const error = { code, message: messageOf(thrown), ...at };
  if (thrown instanceof DeviceLostError) return { status: 'lost', error };
  if (thrown instanceof BridgeTimeoutError) return { status: 'timeout', error };
  return {
    status: thrown instanceof AssertionError || thrown instanceof GuardError ? 'fail' : 'error',
    error,
  };
}
