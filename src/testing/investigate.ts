import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { launchers } from '../ops/registry.ts';
import type { OpRecord, Value } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Accusation } from './accusation.ts';
import type { Rerun, Reruns } from './fault-class.ts';
import { judge, type Verdict } from './judge.ts';
import { demanded } from './judge-job.ts';
import { valuesOfHosts } from './parity/fit.ts';
import { Oracle, type Question } from './parity/oracle.ts';
import { acceptanceOfRecorded } from './parity/recorded.ts';

/** Names of half formats in a file, as the rule for recorded values knows them. */
const HALVES: Readonly<Partial<Record<DType, 'F16' | 'BF16'>>> = { f16: 'F16', bf16: 'BF16' };

/** An accused op that can be run again, anywhere, and is judged each time as it was when it failed. */
export class Suspect {
  readonly accusation: Accusation;
  readonly #record: OpRecord;
  readonly #oracle: Oracle;
  readonly #ieee: boolean;

  constructor(accusation: Accusation, ieee: boolean) {
    this.accusation = accusation;
    this.#record = records.get(accusation.op) as OpRecord;
    this.#ieee = ieee;
    const { params, inputs, grads = {} } = accusation;
    this.#oracle = new Oracle(this.#record, params, valuesOfHosts(inputs), valuesOfHosts(grads));
  }

  /** Runs `variant` on `gpu` in memory filled with NaN, and judges the accused tensor. */
  async run(gpu: Gpu, variant: string): Promise<Run> {
    const { op, params, inputs, grads, name } = this.accusation;
    const dispatched = new Set(gpu.recorder.dispatched);
    const guarded = gpu.memory.guarded;
    gpu.recorder.dispatched.clear();
    gpu.memory.guarded = true;
    try {
      const result = await new WebGpuBackend(gpu).run({ op, params, inputs, variant, ...(grads ? { grads, wants: [name] } : {}) });
      const host = (grads ? result.gradients : result.outputs)[name];
      const question = host && this.#ask(valuesOfHosts({ [name]: host })[name] as Value, variant);
      if (!question) return { kernels: new Set(), verdict: undefined, question: undefined };
      const verdict = judge(question.actual, question.truth, question.acceptance, question.unjudged);
      return { kernels: new Set(gpu.recorder.dispatched), verdict, question };
    } finally {
      gpu.memory.guarded = guarded;
      gpu.recorder.dispatched.clear();
      for (const file of dispatched) gpu.recorder.dispatched.add(file);
    }
  }

  #ask(actual: Value, variant: string): Question | undefined {
    const { op, name, grads, layer } = this.accusation;
    const depth = launchers.get(op)?.variants[variant]?.depth ?? ((terms: number) => terms);
    const produced = grads ? { outputs: {}, gradients: { [name]: actual } } : { outputs: { [name]: actual }, gradients: {} };
    const [question] = this.#oracle.questions(produced, { depth, ieee: this.#ieee });
    if (!question) return undefined;
    return { ...question, acceptance: demanded(layer, { [name]: question.acceptance })[name] ?? question.acceptance };
  }
}

/** One run of a suspect. */
interface Run {
  readonly kernels: ReadonlySet<string>;
  readonly verdict: Verdict | undefined;
  readonly question: Question | undefined;
}

/**
 * Runs an accused op again where that can tell whose fault it is: on this device and a fresh one of the same adapter, on another adapter,
 * and in its other variants. `index` is the wrong element. Past the time `until` nothing more is begun, and what is known by then counts.
 */
export async function investigate(gpu: Gpu, suspect: Suspect, index: readonly number[], until: number): Promise<Reruns> {
  const { op, variant } = suspect.accusation;
  const variants = launchers.get(op)?.variants ?? {};
  const can = (device: Gpu, name: string) => (variants[name]?.needs ?? []).every((feature) => device.features.has(feature));
  const timeLeft = () => performance.now() < until;
  const rerun = ({ verdict }: Run): Rerun => (!verdict ? 'other' : verdict.ok ? 'right' : isAt(verdict, index) ? 'same' : 'other');
  const first = await suspect.run(gpu, variant);
  const again = [first, await suspect.run(gpu, variant)];
  {
    using fresh = timeLeft() ? await gpu.fresh().catch(() => undefined) : undefined;
    if (fresh) again.push(await suspect.run(fresh, variant));
  }
  using other = timeLeft() ? await gpu.elsewhere() : undefined;
  const elsewhere = other && can(other, variant) ? rerun(await suspect.run(other, variant)) : undefined;
  const independent: Rerun[] = [];
  for (const name of Object.keys(variants)) {
    if (name === variant || !can(gpu, name) || !timeLeft()) continue;
    const run = await suspect.run(gpu, name);
    if ([...run.kernels].every((file) => !first.kernels.has(file))) independent.push(rerun(run));
  }
  return {
    again: again.map(rerun),
    mayRace: [...first.kernels].some((file) => gpu.recorder.pipelines.mayRace(file)),
    onFallback: gpu.adapter.isFallback,
    ...(elsewhere ? { elsewhere } : {}),
    independent,
    withinHalf: isWithinHalf(suspect.accusation, first),
  };
}

function isAt({ firstWrong }: Verdict, index: readonly number[]): boolean {
  return firstWrong?.index.join() === index.join();
}

/** Whether all of a wrong result is right in the arithmetic of the half format that goes in or comes out. */
function isWithinHalf({ inputs }: Accusation, { question }: Run): boolean {
  if (!question) return false;
  const dtypes = [question.actual.dtype, ...Object.values(inputs).map(({ dtype }) => dtype)];
  const half = dtypes.map((dtype) => dtype && HALVES[dtype]).find((name) => name !== undefined);
  if (!half) return false;
  const acceptance = acceptanceOfRecorded(question.acceptance, half, question.truth);
  return judge(question.actual, question.truth, acceptance, question.unjudged).ok;
}
