import type { CaseResult } from '../report/schema.ts';
import { type CeilingKind, ceilingKind } from './ceilings/names.ts';
import { PEERS_ON_WEBGPU } from './contender.ts';
import type { Work } from './work.ts';

/** A result of bench, in a report or before it has one. */
interface Held
  extends Pick<CaseResult, 'id' | 'backend' | 'metrics' | 'setting' | 'tried' | 'finding'> {
  readonly timing?: { readonly medianMs: number } | undefined;
}

/** What a work computes and moves. */
type Amounts = Pick<Work, 'id' | 'flops' | 'bytes'>;

/** The name of what a ceiling is held to among its metrics. Milliseconds. */
const HELD = 'heldMs';

/** Whether a ceiling of the first work does all that one of the second does. */
function doesAsMuch(kind: CeilingKind, a: Amounts, b: Amounts): boolean {
  if (kind === 'own') return a === b;
  if (kind === 'adds') return a.flops >= b.flops;
  return a.bytes.read >= b.bytes.read && a.bytes.written >= b.bytes.written;
}

/** Whose kernels do the same work on the same device. */
const ON_WEBGPU: readonly string[] = ['webgpu', ...PEERS_ON_WEBGPU];

/** The least that a result took, in the rounds or when a setting was tried. Milliseconds. */
function leastMs({ timing, tried = {} }: Held): number {
  return Math.min(timing?.medianMs ?? Number.POSITIVE_INFINITY, ...Object.values(tried));
}

/**
 * Results with each ceiling held to whatever does as much in less time, if only when it was tried:
 * another ceiling of its kind, or a kernel that does the same work, ours or a library's; one that
 * is held to a coarser bound does less. A machine that was slow while a ceiling was timed would
 * make a ceiling of it that is none. What a ceiling took stays as it was timed; what it is held to,
 * and shares of that, are metrics.
 */
export function withHeldCeilings<T extends Held>(
  works: Iterable<Amounts>,
  results: readonly T[],
): readonly T[] {
  const amounts = new Map([...works].map((work) => [work.id, work]));
  const kernels = new Map<string, number>();
  for (const result of results) {
    const { id, backend, finding } = result;
    if (!ON_WEBGPU.includes(backend) || !result.timing || finding?.code === 'coarser-bound')
      continue;
    kernels.set(id, Math.min(kernels.get(id) ?? Number.POSITIVE_INFINITY, leastMs(result)));
  }
  const ceilings = results.flatMap((result) => {
    const { id, backend, setting = '', timing } = result;
    const kind = backend === 'ceiling' ? ceilingKind(setting) : undefined;
    const work = amounts.get(id);
    return kind && work && timing ? [{ kind, work, ms: leastMs(result) }] : [];
  });
  const held = new Map(
    ceilings.map(({ kind, work, ms }) => {
      const others = ceilings.filter(
        (one) => one.kind === kind && doesAsMuch(kind, one.work, work),
      );
      return [
        work.id,
        Math.min(ms, kernels.get(work.id) ?? ms, ...others.map((other) => other.ms)),
      ] as const;
    }),
  );
  return results.map((result) => {
    const ms = held.get(result.id);
    if (ms === undefined || !result.timing) return result;
    const { medianMs } = result.timing;
    const told =
      result.backend === 'ceiling' ? { [HELD]: ms } : { fractionOfCeiling: ms / medianMs };
    return { ...result, metrics: { ...result.metrics, ...told } };
  });
}

/** The time of a result as tables tell it: of a ceiling what it is held to. Milliseconds. */
export function toldMs({ metrics, timing }: Pick<Held, 'metrics' | 'timing'>): number | undefined {
  return metrics?.[HELD] ?? timing?.medianMs;
}
