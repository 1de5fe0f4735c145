import { literal } from './literal.ts';

/**
 * How a library computes one op: what to import, and the lines that make `got`, outputs by name,
 * from `x`, inputs by name.
 */
export interface Body {
  readonly imports: readonly string[];
  readonly lines: readonly string[];
  /**
   * Whether the lines put gradients into `got` themselves; those of torch follow from its outputs.
   */
  readonly ownGradients?: true;
}

export type Params = Readonly<Record<string, unknown>>;

/** The lines of one op for given parameters; undefined where there are none. */
export type Bodies = Readonly<Record<string, (params: Params) => Body | undefined>>;

export const TORCH = ['import torch', 'from safetensors.torch import load_file'];
export const FUNCTIONAL = [...TORCH, 'import torch.nn.functional as F'];

/** One expression of y in torch. */
export const y = (expression: string): Body => ({
  imports: FUNCTIONAL,
  lines: [`got = {"y": ${expression}}`],
});

/** An input that may be absent. */
export const optional = (name: string): string => `x.get(${literal(name)})`;

/** Arguments by name; what is not given is left out. */
export const given = (names: Params): string =>
  Object.entries(names)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${literal(value)}`)
    .join(', ');
