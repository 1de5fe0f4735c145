import type { optimizerSteps } from '../../vocabulary/optim/optimizer_steps.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import type { Value } from '../record.ts';
import { type StoredElement, type StoredMove, WAYS } from './torch/stored-known.ts';
import { storedMuon } from './torch/stored-muon.ts';
import { storedMove } from './torch/stored-steps.ts';

type Inputs = InputsOf<typeof optimizerSteps, Value>;
type Taken = Readonly<Record<string, Foreseen>>;

const PREFIX = 'state.';
/** What optimizers may keep of a number. */
const STATES = [
  ...['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer'],
  ...['square_avg', 'acc_delta', 'grad_avg'],
] as const;

/** All that a move gives: each step starts from what `followed` has before it, if it is given. */
function taken(
  { exactly }: Steps,
  { param, grads, ...given }: Inputs,
  move: StoredMove,
  followed: Value | undefined,
): Taken {
  const inputs: Readonly<Record<string, Value | undefined>> = given;
  const n = param.data.length;
  const count = n === 0 ? 0 : grads.data.length / n;
  const found: Record<string, Range[]> = { trajectory: [] };
  for (let i = 0; i < n; i++) {
    let element: StoredElement = {
      ...Object.fromEntries(
        STATES.map((name) => [name, exactly(inputs[PREFIX + name]?.data[i] ?? 0)]),
      ),
      param: exactly(param.data[i] as number),
    };
    for (let step = 0; step < count; step++) {
      const at = step * n + i;
      const isFirst = step === 0 && !inputs[`${PREFIX}momentum_buffer`];
      const turn = { step: step + 1, isFirst };
      const next = move(element, exactly(grads.data[at] as number), turn);
      if (next['param']) (found['trajectory'] as Range[])[at] = next['param'];
      const kept = followed ? exactly(followed.data[at] as number) : next['param'];
      element = { ...element, ...next, ...(kept && { param: kept }) };
      for (const [name, state] of Object.entries(next)) {
        if (name === 'param') continue;
        found[PREFIX + name] ??= [];
        (found[PREFIX + name] as Range[])[i] = state;
      }
    }
  }
  return found;
}

/** What torch's optimizers give of parameters in halves, by kernels and fused. */
export function foreseenSteps(
  steps: Steps,
  inputs: Inputs,
  params: ParamsOf<typeof optimizerSteps>,
  followed: Value | undefined,
): Readonly<Record<string, readonly Foreseen[]>> {
  const ways =
    params.optimizer === 'muon'
      ? storedMuon(steps, inputs, params, followed)
      : WAYS.flatMap((way) => {
          const move = storedMove(steps, params, way);
          return move ? [taken(steps, inputs, move, followed)] : [];
        });
  const names = Object.keys(ways[0] ?? {}).filter((name) => ways[0]?.[name]?.length);
  return Object.fromEntries(names.map((name) => [name, ways.map((way) => way[name] as Foreseen)]));
}
