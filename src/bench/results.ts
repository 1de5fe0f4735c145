import { median } from '../report/median.ts';
import { type CeilingKind, ceilingKind } from './ceilings/names.ts';
import { bestOf, type Candidate, triedOf } from './contest.ts';
import { byDocumentedLoop } from './documented-loop.ts';
import type { Entry } from './entry.ts';
import { fastestPeer } from './fastest-peer.ts';
import { OF_FORETOLD } from './foretold-rows.ts';
import type { BenchResult } from './host.ts';
import { NOT_TIMED } from './left-out.ts';
import { EAGER } from './ours/engine-work.ts';
import type { Dropped } from './rounds.ts';
import { medianInterval, quantile } from './statistics/order-statistics.ts';
import { FEWEST_SAMPLES } from './statistics/slower.ts';
import { OF_FASTEST_VARIANT } from './variant-rows.ts';
import type { Work } from './work.ts';

/** What the times of a work depend on. */
export interface Conditions {
  readonly dropped: Dropped;
  /** Step of the clock, and of the news that the device is done. Milliseconds. */
  readonly quantumMs: number;
}

/** The results of all who tried a work, with the ratios between them. */
export function resultsOf(
  work: Work,
  candidates: readonly Candidate[],
  conditions: Conditions,
): readonly BenchResult[] {
  const medians = new Map(
    candidates.flatMap((candidate) => {
      const best = candidate.refusal ? undefined : bestOf(candidate);
      return best ? [[candidate.contender.name, best.medianMs] as const] : [];
    }),
  );
  return candidates.map((candidate) => resultOf(work, candidate, conditions, medians));
}

function resultOf(
  work: Work,
  candidate: Candidate,
  conditions: Conditions,
  medians: ReadonlyMap<string, number>,
): BenchResult {
  const { contender, refusal, kernels, busyMs, wrong } = candidate;
  const [suite = ''] = work.id.split(':');
  const best = refusal ? undefined : bestOf(candidate);
  const shared = {
    id: work.id,
    suite,
    backend: contender.name,
    covers: [],
    tier: work.quick ? ('quick' as const) : ('slow' as const),
    durationMs: busyMs,
    kernels: [...kernels].sort(),
  };
  if (!best) {
    const skip = { code: 'interrupted', detail: 'the run ended before it was timed' };
    return { ...shared, assertions: 0, ...(refusal ?? { status: 'skip', skip }) };
  }
  const { verdict, coldMs, setting, coarser } = best.right;
  const { medianMs } = best;
  const documented = best.documented.length > 0 ? { documentedMs: [...best.documented] } : {};
  const findings = [
    ...(coarser ? [`held to a coarser bound: ${coarser.source}`] : []),
    ...wrong.map((words) => `${NOT_TIMED}${words}`),
  ];
  return {
    ...shared,
    status: 'pass',
    assertions: verdict.compared,
    ...(verdict.accuracy ? { accuracy: verdict.accuracy } : {}),
    ...(findings.length > 0
      ? {
          finding: {
            code: coarser ? 'coarser-bound' : 'setting-not-timed',
            message: findings.join('; '),
          },
        }
      : {}),
    timing: {
      source: 'wall',
      quantumNs: Math.round((1e6 * conditions.quantumMs) / best.repeats),
      samples: best.figures.length,
      coldMs,
      medianMs,
      minMs: Math.min(...best.figures),
      ciMs: intervalOf(best.figures),
    },
    metrics: {
      repeats: best.repeats,
      p10Ms: quantile(best.figures, 0.1),
      p90Ms: quantile(best.figures, 0.9),
      ...rates(work, medianMs, contender.name === 'ceiling' ? ceilingKind(setting) : undefined),
      ...ratios(contender.name, medianMs, medians),
      ...(conditions.dropped.hidden > 0 ? { hiddenRounds: conditions.dropped.hidden } : {}),
      ...(conditions.dropped.throttled > 0
        ? { throttledRounds: conditions.dropped.throttled }
        : {}),
      ...(best.documented.length > 0 ? { documentedMs: median(best.documented) } : {}),
      ...candidate.metrics,
      ...besideVariants(candidate),
      ...predictions(candidate.metrics, medianMs),
    },
    series: { ms: [...best.samples], ...documented, ...seriesOfOthers(candidate, best) },
    setting: best.isDocumented ? byDocumentedLoop(setting) : setting,
    tried: triedOf(candidate),
  };
}

/**
 * The interval of the median; none of so few samples that it would hold the median only three times
 * in four or less, as of a library that rests.
 */
function intervalOf(samples: readonly number[]): number[] {
  if (samples.length < FEWEST_SAMPLES) return [];
  const { low, high } = medianInterval(samples);
  return [low, high];
}

/** What the chosen variant takes as a multiple of the fastest other one, all recorded anew. */
function besideVariants({ entries, variants }: Candidate): Record<string, number> {
  const chosen = entries.find(
    ({ right, samples }) => right.setting === EAGER && samples.length > 0,
  );
  const others = variants.filter(({ samples }) => samples.length > 0);
  if (!chosen || others.length === 0) return {};
  const least = Math.min(...others.map(({ samples }) => median(samples)));
  return { [OF_FASTEST_VARIANT]: median(chosen.samples) / least };
}

/** The samples of the other settings in the race. */
function seriesOfOthers(
  { entries, variants }: Candidate,
  best: Entry,
): Record<string, readonly number[]> {
  const others = [...entries, ...variants].filter(
    (entry) => entry !== best && entry.samples.length > 0,
  );
  return Object.fromEntries(
    others.map(({ right, samples }) => [`ms of ${right.setting}`, [...samples]]),
  );
}

/** What was measured as a share of what was predicted. */
function predictions(metrics: Candidate['metrics'], ms: number): Record<string, number> {
  const { predictedMs } = metrics;
  return predictedMs === undefined ? {} : { [OF_FORETOLD]: ms / predictedMs };
}

/** A ceiling has the rate of what it does of the work, and no other. */
function rates(
  { flops, bytes, tokens }: Work,
  ms: number,
  kind: CeilingKind | undefined,
): Record<string, number> {
  const moved = bytes.read + bytes.written;
  return {
    ...(tokens === undefined ? {} : { tokensPerSecond: (1000 * tokens) / ms }),
    ...(flops > 0 && (kind ?? 'adds') === 'adds' ? { gflops: flops / ms / 1e6 } : {}),
    ...(moved > 0 && (kind ?? 'copy') === 'copy' ? { gbps: moved / ms / 1e6 } : {}),
  };
}

function ratios(
  name: string,
  ms: number,
  medians: ReadonlyMap<string, number>,
): Record<string, number> {
  const ceiling = medians.get('ceiling');
  const fastest = fastestPeer((peer) => medians.get(peer));
  return {
    ...(ceiling !== undefined && name !== 'ceiling' ? { fractionOfCeiling: ceiling / ms } : {}),
    ...(name === 'webgpu' && fastest ? { ratio: fastest.peerMs / ms } : {}),
  };
}
