import { GradproofError, messageOf } from '../../errors.ts';
import { DeviceLostError, type Gpu } from '../../gpu/gpu.ts';
import { GuardError } from '../../gpu/memory.ts';
import { type Artifact, AssertionError, CaseContext, type Evidence, newEvidence, SkipSignal } from '../../testing/context.ts';
import { InjectedFaults } from '../../testing/fault.ts';
import type { Case } from '../../testing/suite.ts';
import type { CaseOutcome } from './messages.ts';

/** What the device's environment implies for a case. */
export interface CaseConditions {
  readonly ieee: boolean;
  readonly seed: number;
  /** Run with the case's named fault injected. */
  readonly control: boolean;
}

/** popErrorScope can stay pending after the GPU process died. */
const SCOPE_TIMEOUT_MS = 5_000;

/** Runs one case on a device inside error scopes, with guard and leak check, and returns its result; never throws. */
export async function runCase(declared: Case, gpu: Gpu, conditions: CaseConditions): Promise<CaseOutcome> {
  const started = performance.now();
  const evidence = newEvidence();
  const verdict = await verdictOf(declared, gpu, conditions, evidence);
  gpu.recorder.discard();
  return {
    id: declared.id,
    suite: declared.suite,
    backend: declared.backend,
    covers: [...declared.covers],
    tier: declared.tier,
    durationMs: performance.now() - started,
    assertions: evidence.assertions,
    kernels: [...gpu.recorder.dispatched].sort(),
    control: { fault: declared.control.name, status: 'not-run' },
    ...(evidence.accuracy ? { accuracy: evidence.accuracy } : {}),
    ...(evidence.finding ? { finding: evidence.finding } : {}),
    ...(evidence.fault ? { fault: evidence.fault } : {}),
    ...(Object.keys(evidence.metrics).length > 0 ? { metrics: evidence.metrics } : {}),
    ...(Object.keys(evidence.series).length > 0 ? { series: evidence.series } : {}),
    ...(evidence.artifacts.length > 0 ? { artifacts: await Promise.all(evidence.artifacts.map(describeArtifact)) } : {}),
    ...verdict,
  };
}

type Verdict = Pick<CaseOutcome, 'status' | 'skip' | 'error'>;

async function verdictOf(declared: Case, gpu: Gpu, conditions: CaseConditions, evidence: Evidence): Promise<Verdict> {
  const missing = declared.needs.find((feature) => !gpu.features.has(feature));
  if (missing) return { status: 'skip', skip: { code: 'missing-feature', detail: missing } };
  gpu.recorder.dispatched.clear();
  gpu.memory.guarded = false;
  const before = gpu.memory.ledger;
  for (const filter of ['validation', 'out-of-memory', 'internal'] as const) gpu.device.pushErrorScope(filter);
  let thrown: unknown;
  try {
    using faults = new InjectedFaults(gpu);
    if (conditions.control) declared.control.inject(faults);
    await declared.run(new CaseContext({ gpu, ieee: conditions.ieee, seed: conditions.seed }, {}, evidence));
    await gpu.finish();
  } catch (error) {
    thrown = error;
  }
  gpu.memory.guarded = false;
  const gpuError = await popScopes(gpu);
  // A GPU error comes first: what was thrown after it is only its consequence.
  const failure = gpu.lost ? new DeviceLostError(gpu.lost) : (gpuError ?? thrown ?? (await afterwards(gpu, before, evidence)));
  return failure === undefined ? { status: 'pass' } : verdictOfError(failure);
}

/** What must hold after a case that threw nothing: guards untouched, nothing leaked, something asserted. */
async function afterwards(gpu: Gpu, before: { liveBytes: number; liveBuffers: number }, evidence: Evidence): Promise<unknown> {
  try {
    await gpu.memory.checkGuards();
  } catch (error) {
    return error;
  }
  const { liveBytes, liveBuffers } = gpu.memory.ledger;
  if (liveBytes !== before.liveBytes) {
    return new AssertionError(
      'leak',
      `${liveBytes - before.liveBytes} bytes in ${liveBuffers - before.liveBuffers} buffers were not freed`,
    );
  }
  if (evidence.assertions === 0) return new AssertionError('nothing-asserted', 'the case ended without one assertion');
  return undefined;
}

async function popScopes(gpu: Gpu): Promise<Error | undefined> {
  const scopes = [0, 1, 2].map(() => gpu.device.popErrorScope());
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new GradproofError('scope-timeout', 'the GPU process did not answer')), SCOPE_TIMEOUT_MS);
  });
  try {
    const errors = await Promise.race([Promise.all(scopes), timeout]);
    const error = errors.find((e) => e !== null);
    return error ? new GradproofError(codeOfGpuError(error), error.message) : undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function codeOfGpuError(error: GPUError): string {
  const kind = error.constructor.name;
  return kind === 'GPUOutOfMemoryError' ? 'out-of-memory' : kind === 'GPUInternalError' ? 'gpu-internal' : 'gpu-validation';
}

function verdictOfError(thrown: unknown): Verdict {
  if (thrown instanceof SkipSignal) return { status: 'skip', skip: { code: thrown.code, detail: thrown.message } };
  const code = thrown instanceof GradproofError ? thrown.code : 'exception';
  const at = thrown instanceof AssertionError && thrown.at ? { at: thrown.at } : {};
  const error = { code, message: messageOf(thrown), ...at };
  if (thrown instanceof DeviceLostError) return { status: 'lost', error };
  return { status: thrown instanceof AssertionError || thrown instanceof GuardError ? 'fail' : 'error', error };
}

async function describeArtifact({ name, data }: Artifact): Promise<{ name: string; bytes: number; sha256: string }> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return { name, bytes: data.byteLength, sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}
