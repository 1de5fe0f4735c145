import { causalMask } from '../../src/bench/causal-mask.ts';
import { drawnTensors } from '../../src/bench/drawn.ts';
import { isTrained, parameterShapes } from '../../src/bench/steps/shapes.ts';
import type { StepOf, StepWork } from '../../src/bench/work.ts';
import type { HostTensors } from '../../src/tensor/host.ts';
import { rotaryAngles } from './rotary-angles.ts';

/** The base of the rotary positions of Llama. */
const THETA = 10_000;

/** What a step starts from. */
export interface StepTensors {
  readonly trained: HostTensors;
  readonly frozen: HostTensors;
  /** Inputs and labels, and tables that are the same for all of them. */
  readonly given: HostTensors;
}

/** The tensors of a step by what becomes of them. */
export function stepTensors(work: StepWork): StepTensors {
  const drawn = drawnTensors(work);
  const weights = parameterShapes(work.step);
  const part = (belongs: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(drawn).filter(([name]) => belongs(name)));
  const isWeight = (name: string) => Object.hasOwn(weights, name);
  return {
    trained: part((name) => isWeight(name) && isTrained(work.step, name)),
    frozen: part((name) => isWeight(name) && !isTrained(work.step, name)),
    given: { ...part((name) => !isWeight(name)), ...tablesOf(work.step) },
  };
}

function tablesOf(step: StepOf): HostTensors {
  if (step.model === 'mlp' || step.model === 'resnet18') return {};
  const { tokens, width, heads } = step;
  const mask = causalMask(tokens, tokens);
  return step.model === 'transformer'
    ? { mask }
    : { mask, ...rotaryAngles(tokens, width / heads, THETA) };
}
