import type { CaseResult } from '../report/schema.ts';
import { CEILINGS } from './ceilings/names.ts';
import type { Work } from './work.ts';

/** A result of bench, in a report or before it has one. */
interface Held extends Pick<CaseResult, 'id' | 'backend' | 'metrics' | 'setting'> {
  readonly timing?: { readonly medianMs: number } | undefined;
}

/** What a work computes and moves. */
type Amounts = Pick<Work, 'id' | 'flops' | 'bytes'>;

/** The name of what a ceiling is held to among its metrics. Milliseconds. */
const HELD = 'heldMs';

/** What a ceiling does of a work: its operations, its streams, or look-ups of its own. */
type Kind = 'adds' | 'copy' | 'own';

function kindOf({ backend, setting = '' }: Held): Kind | undefined {
  if (backend !== 'ceiling') return undefined;
  if (setting.startsWith(CEILINGS.adds)) return 'adds';
  if (setting.startsWith(CEILINGS.copy)) return 'copy';
  return setting === CEILINGS.storedLookUps ? 'own' : undefined;
}

/** Whether a ceiling of the first work does all that one of the second does. */
function doesAsMuch(kind: Kind, a: Amounts, b: Amounts): boolean {
  if (kind === 'own') return a === b;
  if (kind === 'adds') return a.flops >= b.flops;
  return a.bytes.read >= b.bytes.read && a.bytes.written >= b.bytes.written;
}

/**
 * Results with each ceiling held to whatever does as much in less time: another ceiling of its kind,
 * or our kernels, which do the same work. A machine that was slow while a ceiling was timed would
 * make a ceiling of it that is none. What a ceiling took stays as it was timed; what it is held to,
 * and shares of that, are metrics.
 */
export function withHeldCeilings<T extends Held>(
  works: Iterable<Amounts>,
  results: readonly T[],
): readonly T[] {
  const amounts = new Map([...works].map((work) => [work.id, work]));
  const ours = new Map(
    results.flatMap(({ id, backend, timing }) =>
      backend === 'webgpu' && timing ? [[id, timing.medianMs] as const] : [],
    ),
  );
  const ceilings = results.flatMap((result) => {
    const kind = kindOf(result);
    const work = amounts.get(result.id);
    return kind && work && result.timing ? [{ kind, work, ms: result.timing.medianMs }] : [];
  });
  const held = new Map(
    ceilings.map(({ kind, work, ms }) => {
      const others = ceilings.filter(
        (one) => one.kind === kind && doesAsMuch(kind, one.work, work),
      );
      return [
        work.id,
        Math.min(ms, ours.get(work.id) ?? ms, ...others.map((other) => other.ms)),
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
