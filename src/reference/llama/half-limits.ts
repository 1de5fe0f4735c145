import { mapped } from '../../graph/call.ts';
import type { DType } from '../../tensor/dtype.ts';
import { storageStep } from '../bounds.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { limitsOf, type Spread, spreadOf } from '../step/spread.ts';
import { ABSOLUTE, limitOf, outputsOf, SHORT } from './limits.ts';
import { type LlamaRun, llamaRun } from './run.ts';
import { stepsOf } from './steps.ts';

/** As the format has it for losses of runs with products in halves. */
export const RELATIVE = 1e-2;
export const DTYPES = { float16: 'f16', bfloat16: 'bf16' } as const satisfies Record<string, DType>;

/**
 * How far apart first logits and gradients of five runs lie whose start weights differ by half a
 * unit of the format in which `autocast` stores products, by tensor; of gradients at least a step of
 * the smallest such number, which one run may round to 0 and another not.
 */
export async function halfSpreadOf(
  run: LlamaRun,
  autocast: NonNullable<LlamaRun['autocast']>,
): Promise<Spread> {
  const first = stepsOf(run, 1, 1);
  const { trained, frozen } = run;
  const dense = Object.entries(frozen).filter(([, value]) => 'data' in value);
  const weights = { ...(Object.fromEntries(dense) as Values), ...trained };
  const spread = await spreadOf(weights, DTYPES[autocast], async (changed) => {
    const of = (values: object) =>
      Object.fromEntries(Object.entries(changed).filter(([name]) => name in values));
    const other = { ...first, trained: of(trained), frozen: { ...frozen, ...of(frozen) } };
    const outputs = Object.entries(outputsOf(await llamaRun(other)));
    return Object.fromEntries(outputs.filter(([name]) => isOfFirstStep(name)));
  });
  const smallest = storageStep(0, DTYPES[autocast]) / (run.scaler?.init_scale ?? 1);
  return mapped(spread, (apart, name) =>
    name.startsWith('grad0.') ? Math.max(apart, smallest) : apart,
  );
}

/** Whether an output is a tensor that the first step alone gives. */
function isOfFirstStep(name: string): boolean {
  return name === 'logits_step0' || name.startsWith('grad0.');
}

/** Whether an output of a run in halves is held at all: norms and weights of later steps stray. */
export function isHeldInHalves(name: string): boolean {
  return ['losses', 'lrs', 'scale'].includes(name) || isOfFirstStep(name);
}

/** Marks the losses of later steps, which are not held. */
export function unheldInHalves(name: string, { data }: Value): Uint8Array {
  return Uint8Array.from(data, (_, i) => Number(name === 'losses' && i >= SHORT));
}

/**
 * How far an output of a run in halves may be from `truth`: a loss as the format says, a tensor of
 * the first step ten times the spread, a rate or a scale as in a run in float32.
 */
export function halfLimitOf(name: string, truth: Value, spread: Spread): Acceptance {
  if (name === 'losses')
    return {
      kind: 'within',
      bound: truth.data.map((x) => RELATIVE * Math.abs(x) + ABSOLUTE),
    };
  if (spread[name] === undefined) return limitOf(name, truth);
  return limitsOf({ [name]: truth }, spread)[name] as Acceptance;
}
