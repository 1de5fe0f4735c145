import { WebGpuBackend } from '../../backends/webgpu.ts';
import { GradproofError, messageOf } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { type Cell, type CellPlace, unavailable } from '../../quantizer/matrix/cell.ts';
import { DIRECTIONS, type Direction } from '../../quantizer/matrix/directions.ts';
import { drawnForCell } from '../../quantizer/matrix/given.ts';
import { type HostCall, hostCalls } from '../../quantizer/matrix/host-calls.ts';
import { tracedCell } from '../../quantizer/matrix/trace.ts';
import { Random } from '../../tensor/random.ts';
import { AssertionError } from '../../testing/context.ts';
import type { CallContender } from '../contender.ts';
import { CallOracle, type Verdict, worstVerdict } from '../oracle.ts';

/** Which cells other libraries are asked for. */
export interface ForeignAsked {
  readonly methods: readonly string[];
  readonly contenders: readonly CallContender[];
  readonly seed: number;
  /** Ends it before the next cell. */
  readonly signal: AbortSignal;
}

/** Libraries tell stacks of their own in messages. */
const MOST_CHARACTERS = 300;

/**
 * Cells of other libraries. Our device executes a direction, and each library every call that it
 * makes, on the very inputs that the device had; the float64 oracle judges what it gives. A library
 * that lacks one of the operators, or refuses to run it, has no cell there, and says why.
 */
export async function* foreignCells(
  gpu: Gpu,
  { methods, contenders, seed, signal }: ForeignAsked,
): AsyncGenerator<Cell> {
  for (const method of methods)
    for (const direction of DIRECTIONS) {
      if (signal.aborted) return;
      const calls = await callsOf(gpu, method, direction, seed);
      for (const contender of contenders)
        yield await cellOf({ method, direction, backend: contender.name }, calls, contender);
    }
}

async function callsOf(
  gpu: Gpu,
  method: string,
  direction: Direction,
  seed: number,
): Promise<readonly HostCall[]> {
  const given = drawnForCell((stream) => new Random(seed, stream));
  const asked = { method, direction, column: 'webgpu-f32', given } as const;
  using traced = tracedCell(gpu, new WebGpuBackend(gpu), asked);
  return await hostCalls(traced.calls);
}

async function cellOf(
  place: CellPlace,
  calls: readonly HostCall[],
  contender: CallContender,
): Promise<Cell> {
  const settings: string[] = [];
  for (const call of calls) {
    const found = contender.settingsForCall(call);
    if ('reason' in found) return unavailable(place, 'not-implemented', found.reason);
    settings.push(found[0] as string);
  }
  const started = performance.now();
  const verdicts: Verdict[] = [];
  try {
    for (const [i, call] of calls.entries())
      verdicts.push(await judged(call, settings[i] as string, contender));
  } catch (error) {
    const code = error instanceof GradproofError ? error.code : 'library-failed';
    const message = messageOf(error).replace(/\s+/g, ' ').slice(0, MOST_CHARACTERS);
    if (!(error instanceof AssertionError)) return unavailable(place, code, message);
    const tookMs = performance.now() - started;
    const { compared } = worstVerdict(verdicts);
    return { ...place, verdict: 'producer-deviates', why: { code, message }, compared, tookMs };
  }
  const { compared, accuracy } = worstVerdict(verdicts);
  const tookMs = performance.now() - started;
  return { ...place, verdict: 'pass', compared, tookMs, ...(accuracy ? { accuracy } : {}) };
}

async function judged(call: HostCall, setting: string, contender: CallContender): Promise<Verdict> {
  const { variant: _, ...asked } = call;
  await using prepared = await contender.prepareCall(asked, setting);
  return new CallOracle(asked).judge(await prepared.results(), prepared.coarser);
}
