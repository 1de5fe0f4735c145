import { mapped } from '../../graph/call.ts';
import { adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import { maxAbs } from '../bounds.ts';
import { adamw8bit } from '../optim/adamw8bit.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { limitBy, SHARE, spreadOf } from '../step/spread.ts';
import { clip, keptOf, partsOf, rateOf } from '../step/stages.ts';
import type { StepState } from '../step/state.ts';
import { storedRunner } from '../step/stored-runner.ts';
import { DTYPES, RELATIVE as IN_HALVES } from './half-limits.ts';
import { ABSOLUTE, RELATIVE } from './limits.ts';
import { type LlamaRan, type LlamaRun, llamaRun } from './run.ts';
import { stepsOf } from './steps.ts';

/** How the root of the mean square is named of what a tensor is off. */
const ROOT = 'root mean square';

/** What follows from a state in one step, and how far right steps may be off. */
export interface OneStep {
  /** `loss`, `norm`, `param <name>`, `<kept> <name>`. */
  readonly truth: Values;
  readonly acceptances: Readonly<Record<string, Acceptance>>;
  /**
   * Of each parameter of a run in halves how far its elements may be off together: of single ones the
   * sign of a small gradient decides.
   */
  readonly roots: Readonly<Record<string, number>>;
}

/** Step `step` of a run, which counts from 1, from the state before it. */
export function runFrom<Run extends LlamaRun>(run: Run, step: number, from: StepState): Run {
  return { ...stepsOf(run, step, 1), trained: from.trained, from };
}

/** What a step gives, by the names of {@link OneStep}; `norm` is absent where the step was left out. */
export function namesOfStep({
  losses,
  grad_norms,
  final,
  kept,
}: Pick<LlamaRan, 'losses' | 'grad_norms' | 'final' | 'kept'>): Values {
  const named = (part: string, values: Values) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${part} ${name}`, value]));
  return {
    loss: losses,
    ...(grad_norms ? { norm: grad_norms } : {}),
    ...named('param', final),
    ...Object.assign({}, ...Object.entries(kept).map(([part, values]) => named(part, values))),
  };
}

/**
 * The step in float64 from a state, and its limits: a loss and a norm by the format's share, what
 * the optimizer makes of the gradients by ten times the spread of five steps whose weights differ by
 * half a unit of the format of products.
 */
export async function oneStep(run: LlamaRun): Promise<OneStep> {
  const { autocast } = run;
  const from = run.from as StepState;
  const ran = await llamaRun(run);
  const truth = namesOfStep(ran);
  const apart = await movesApart(run);
  const relative = autocast ? IN_HALVES : RELATIVE;
  const acceptances = mapped(truth, (value, name): Acceptance => {
    const { data } = value;
    const within = (bound: Float64Array): Acceptance => ({ kind: 'within', bound });
    if (name === 'loss') return within(data.map((x) => relative * Math.abs(x) + ABSOLUTE));
    if (name === 'norm')
      return within(
        data.map((x) => limitBy(apart['norm'] ?? 0, relative * Math.abs(x) + ABSOLUTE)),
      );
    const limit = limitBy(apart[name] ?? 0, SHARE * maxAbs(data));
    return within(new Float64Array(data.length).fill(limit));
  });
  const roots = Object.fromEntries(
    Object.keys(from.trained).flatMap((name) => {
      const root = apart[`${ROOT} ${name}`];
      const share = SHARE * maxAbs((from.trained[name] as Value).data);
      return autocast && root !== undefined ? [[name, limitBy(root, share)] as const] : [];
    }),
  );
  return { truth, acceptances: { ...acceptances, ...codesOf(run, ran, apart) }, roots };
}

/** How far apart five steps move what they change, by the names of {@link OneStep}. */
async function movesApart(run: LlamaRun): Promise<Readonly<Record<string, number>>> {
  const { autocast } = run;
  const from = run.from as StepState;
  const dense = Object.entries(run.frozen).filter(([, value]) => 'data' in value);
  const frozen = Object.fromEntries(dense) as Values;
  const moves: Values[] = [];
  const spread = await spreadOf(
    { ...frozen, ...from.trained },
    autocast ? DTYPES[autocast] : 'f32',
    async (changed) => {
      const of = (values: object) =>
        Object.fromEntries(Object.entries(changed).filter(([name]) => name in values));
      const trained = of(from.trained);
      const other = {
        ...run,
        trained,
        from: { ...from, trained },
        frozen: { ...run.frozen, ...of(frozen) },
      };
      const ran = await llamaRun(other, storedRunner(autocast ? 'float64' : 'float32'));
      const moved = mapped(ran.final, ({ shape, data }, name) => ({
        shape,
        data: data.map((x, i) => x - (trained[name]?.data[i] as number)),
      }));
      moves.push(moved);
      return namesOfStep({ ...ran, final: moved, kept: momentsOf(run, ran.kept) });
    },
  );
  const roots = mapped(from.trained, (_, name) =>
    rootApart(moves.map((one) => one[name] as Value)),
  );
  return {
    ...spread,
    ...Object.fromEntries(Object.entries(roots).map(([name, x]) => [`${ROOT} ${name}`, x])),
  };
}

/** What is kept as floats: codes of moments that differ by a rounding may be neighbours. */
function momentsOf({ optimizer }: LlamaRun, kept: StepState['kept']): StepState['kept'] {
  return optimizer.optimizer === 'adamw8bit' ? {} : kept;
}

/** The largest root of the mean square by which one of several tensors is off their mean. */
function rootApart(all: readonly Value[]): number {
  const [first] = all as [Value, ...Value[]];
  const mean = first.data.map(
    (_, i) => all.reduce((sum, { data }) => sum + (data[i] as number), 0) / all.length,
  );
  return Math.max(...all.map(({ data }) => rootOf(data, mean)));
}

/** The root of the mean square of what two tensors are apart. */
export function rootOf(a: Float64Array, b: Float64Array): number {
  const squares = a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, a.length));
}

/**
 * When codes of moments in 8 bits are right, whose gradients are off as far as the norm may be; a step
 * that was left out, which has no norm, leaves them as they are.
 */
function codesOf(
  run: LlamaRun,
  { grad0, grad_norms }: LlamaRan,
  apart: Readonly<Record<string, number>>,
): Readonly<Record<string, Acceptance>> {
  const { optimizer } = run;
  if (optimizer.optimizer !== 'adamw8bit') return {};
  const from = run.from as StepState;
  const {
    betas: [beta1, beta2],
  } = adamw8bitHyperparameters(optimizer);
  const norm = grad_norms?.data[0] as number;
  if (!Number.isFinite(norm)) return {};
  const { gradients } = clip({
    ...{ recipe: run, state: from, gradients: grad0 },
    ...{ found: false, norm: Number.NaN },
  });
  const share = limitBy((apart['norm'] ?? 0) / norm, SHARE);
  return Object.assign(
    {},
    ...Object.entries(from.trained).map(([name, value]) => {
      const parts = keptOf(from.kept, name);
      if (!parts['exp_avg_absmax']) return {};
      const at = { ...optimizer, lr: rateOf(run, from) };
      const rule = adamw8bit(adamw8bitHyperparameters(at), value.shape);
      const gradient = (gradients[name] as Value).data;
      const off = share * maxAbs(gradient);
      const carried = {
        exp_avg_apart: gradient.map(() => ((1 - beta1) / beta1) * off),
        exp_avg_sq_apart: gradient.map(
          (g) => ((1 - beta2) / beta2) * (2 * Math.abs(g) + off) * off,
        ),
      };
      // The library's own code for CUDA has other formulas.
      const otherFormulas = optimizer.decay_after_step ?? false;
      const arithmetic = { depth: (terms: number) => terms, ieee: false, otherFormulas };
      const errors = rule.bound(
        partsOf(value, parts),
        gradient,
        from.taken + 1,
        carried,
        arithmetic,
      );
      const accepted = rule.accepts?.(errors) ?? {};
      return Object.fromEntries(
        Object.entries(accepted).map(([part, one]) => [`${part} ${name}`, one]),
      );
    }),
  );
}
