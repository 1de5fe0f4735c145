import { sha256 } from '../../formats/sha256.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { type Artifact, newEvidence } from '../../testing/context.ts';
import type { Case } from '../../testing/suite.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { withCause } from '../cause.ts';
import { kernelSums } from './kernel-sums.ts';
import type { CaseDetails, CaseOutcome } from './messages.ts';
import { ReadDigest } from './read-digest.ts';
import { type CaseConditions, runInScopes } from './scopes.ts';

/** What a case gave: its result, and a file to keep if it failed on an op that can be replayed. */
export interface RanCase {
  readonly outcome: CaseOutcome;
  readonly files: readonly OutputFile[];
  readonly details?: CaseDetails;
  /** SHA-256 of all that it read back, where that is digested. */
  readonly readDigest?: string;
}

/**
 * Runs one case on a device inside error scopes, with guard and leak check, and returns its result;
 * never throws.
 */
export async function runCase(
  declared: Case,
  gpu: Gpu,
  conditions: CaseConditions,
): Promise<RanCase> {
  const started = performance.now();
  const evidence = newEvidence(conditions.details);
  using reads = conditions.digestReads ? new ReadDigest(gpu) : undefined;
  const { diagnosis, ...verdict } = await runInScopes(declared, gpu, conditions, evidence);
  // A case that replays a bundle has its reproduction already.
  const reproduction = declared.suite.startsWith('parity.') ? undefined : diagnosis?.reproduction;
  const reproductions = reproduction ? [{ name: fileName(declared.id), data: reproduction }] : [];
  const files = [
    ...reproductions,
    ...evidence.kept.map((data) => ({
      name: fileName(`${declared.backend}_${declared.id}`),
      data,
    })),
  ];
  evidence.artifacts.push(...files);
  if (gpu.recorder.shaders.size > 0) evidence.artifacts.push(await kernelSums(gpu.recorder));
  const hints = [
    ...(diagnosis?.part ? [diagnosis.part] : []),
    ...reproductions.map(({ name }) => `to see it alone, replay it: --parity ${name}`),
  ];
  const outcome: CaseOutcome = {
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
    ...(evidence.timing ? { timing: { ...evidence.timing, ciMs: [...evidence.timing.ciMs] } } : {}),
    ...(evidence.finding ? { finding: evidence.finding } : {}),
    ...(Object.keys(evidence.metrics).length > 0 ? { metrics: evidence.metrics } : {}),
    ...(Object.keys(evidence.series).length > 0 ? { series: evidence.series } : {}),
    ...(evidence.artifacts.length > 0
      ? { artifacts: await Promise.all(evidence.artifacts.map(describeArtifact)) }
      : {}),
    ...verdict,
    ...(verdict.error
      ? { error: { ...verdict.error, message: [verdict.error.message, ...hints].join('; ') } }
      : {}),
  };
  const judged = {
    outcome: withCause(outcome, diagnosis?.reruns ?? evidence.reruns),
    files,
    ...(reads ? { readDigest: await reads.value() } : {}),
  };
  if (!evidence.examined) return judged;
  const pipelines = Object.fromEntries(
    outcome.kernels.map((file) => [file, gpu.recorder.pipelines.constantsOf(file)]),
  );
  return { ...judged, details: { examined: evidence.examined, pipelines } };
}

/**
 * A file name for a case id: every character that a shell or a file system might mind is another.
 */
function fileName(id: string): string {
  return `${id.replace(/[^\w.-]+/g, '_')}.safetensors`;
}

async function describeArtifact({
  name,
  data,
}: Artifact): Promise<{ name: string; bytes: number; sha256: string }> {
  return { name, bytes: data.byteLength, sha256: await sha256(data) };
}
