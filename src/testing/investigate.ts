import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Results } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import { type Judgement, judge } from '../reference/judge.ts';
import { valuesOfHosts } from '../reference/values.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Rerun, Reruns } from './cause.ts';
import type { FailedCall } from './failed-call.ts';
import { arithmeticOf } from './judge-call.ts';
import { Oracle, type Question } from './parity/oracle.ts';
import { acceptanceOfRecorded } from './parity/recorded.ts';

/** Names of half formats in a file, as the rule for recorded values knows them. */
const HALVES: Readonly<Partial<Record<DType, 'F16' | 'BF16'>>> = { f16: 'F16', bf16: 'BF16' };

/**
 * A failed call that can be run again, anywhere, and is judged each time as it was when it failed.
 */
export class RerunnableCall {
  readonly call: FailedCall;
  readonly #oracle: Oracle;
  readonly #ieee: boolean;

  constructor(call: FailedCall, ieee: boolean) {
    this.call = call;
    this.#ieee = ieee;
    const { op, params, inputs, grads = {} } = call;
    const values = { inputs: valuesOfHosts(inputs), grads: valuesOfHosts(grads) };
    this.#oracle = new Oracle({ op, params, ...values });
  }

  /**
   * Runs `variant` on `gpu` in memory filled with NaN, up to its guards, and judges the wrong tensor.
   */
  async run(gpu: Gpu, variant: string): Promise<Run> {
    const { name, level: _, ...call } = this.call;
    const { dispatched } = gpu.recorder;
    const before = [...dispatched];
    const guarded = gpu.memory.guarded;
    dispatched.clear();
    gpu.memory.guarded = 'by NaN';
    try {
      const wanted = call.grads ? { wants: [name] } : {};
      const results = await new WebGpuBackend(gpu).run({ ...call, variant, ...wanted });
      const question = this.#ask(results, variant);
      if (!question) return { kernels: new Set(), judgement: undefined, question: undefined };
      const judgement = judge(
        question.actual,
        question.truth,
        question.acceptance,
        question.unjudged,
      );
      return { kernels: new Set(dispatched), judgement, question };
    } finally {
      gpu.memory.guarded = guarded;
      dispatched.clear();
      for (const file of before) dispatched.add(file);
    }
  }

  #ask({ outputs, gradients }: Results<HostTensor>, variant: string): Question | undefined {
    const { op, name, grads, level } = this.call;
    const beside = valuesOfHosts(outputs);
    const actual = grads ? valuesOfHosts(gradients)[name] : beside[name];
    if (!actual) return undefined;
    const produced = grads
      ? { outputs: {}, gradients: { [name]: actual } }
      : { outputs: { [name]: actual }, gradients: {} };
    const arithmetic = arithmeticOf({ ieee: this.#ieee }, { op, variant });
    const [question] = this.#oracle.questions(produced, { arithmetic, level }, beside);
    return question;
  }
}

/** One run of a call. */
interface Run {
  readonly kernels: ReadonlySet<string>;
  readonly judgement: Judgement | undefined;
  readonly question: Question | undefined;
}

/**
 * Runs a failed call again where that can tell whose fault it is: on this device and a fresh one of
 * the same adapter, on another adapter, and in its other variants. `index` is the wrong element.
 * Past the time `until` nothing more is begun, and what is known by then counts.
 */
export async function investigate(
  gpu: Gpu,
  rerunnable: Pick<RerunnableCall, 'call' | 'run'>,
  index: readonly number[],
  until: number,
): Promise<Reruns> {
  const { op, variant } = rerunnable.call;
  const { variants } = launchers.get(op.name) as Launcher;
  const can = (device: Gpu, name: string) =>
    (variants[name]?.needs ?? []).every((feature) => device.features.has(feature));
  const timeLeft = () => performance.now() < until;
  const rerun = ({ judgement }: Run): Rerun =>
    !judgement ? 'other' : judgement.ok ? 'right' : isAt(judgement, index) ? 'same' : 'other';
  const first = await rerunnable.run(gpu, variant);
  const again = [first, await rerunnable.run(gpu, variant)];
  {
    using fresh = timeLeft() ? await gpu.fresh().catch(() => undefined) : undefined;
    if (fresh) again.push(await rerunnable.run(fresh, variant));
  }
  using other = timeLeft() ? await gpu.elsewhere() : undefined;
  const elsewhere =
    other && can(other, variant) ? rerun(await rerunnable.run(other, variant)) : undefined;
  const independent: Rerun[] = [];
  for (const name of Object.keys(variants)) {
    if (name === variant || !can(gpu, name) || !timeLeft()) continue;
    const run = await rerunnable.run(gpu, name);
    if ([...run.kernels].every((file) => !first.kernels.has(file))) independent.push(rerun(run));
  }
  return {
    again: again.map(rerun),
    mayRace: [...first.kernels].some((file) => gpu.recorder.pipelines.mayRace(file)),
    onFallback: gpu.adapter.isFallback,
    ...(elsewhere ? { elsewhere } : {}),
    independent,
    withinHalf: isWithinHalf(rerunnable.call, first),
  };
}

function isAt({ firstWrong }: Judgement, index: readonly number[]): boolean {
  return firstWrong?.index.join() === index.join();
}

/**
 * Whether all of a wrong result is right in the arithmetic of the half format that goes in or comes
 * out.
 */
function isWithinHalf({ inputs }: FailedCall, { question }: Run): boolean {
  if (!question) return false;
  const dtypes = [question.actual.dtype, ...Object.values(inputs).map(({ dtype }) => dtype)];
  const half = dtypes.map((dtype) => dtype && HALVES[dtype]).find((name) => name !== undefined);
  if (!half) return false;
  const acceptance = acceptanceOfRecorded(question.acceptance, half, question.truth);
  return judge(question.actual, question.truth, acceptance, question.unjudged).ok;
}
