import { collect } from '../collect.ts';
import type { Shape } from '../tensor/shape.ts';
import type { ActivationType } from '../vocabulary/quant/quanto_activation.ts';
import type { Choice, Group, GroupAxis, MetaChoice, Method, Scheme } from './method.ts';
import { QuantizerError } from './quantizer-error.ts';

/**
 * Every method by name: each file of `methods` exports some, and nothing is listed twice.
 */
export const methods: ReadonlyMap<string, Method> = collect(
  'methods',
  import.meta.glob<{ readonly methods: readonly Method[] }>('./methods/*.ts', { eager: true }),
  (module) => module.methods.map((method) => [method.name, method]),
);

/** How to quantize; what is absent is what is usual of the method. */
export interface SchemeOptions {
  readonly method: string;
  readonly bits?: number | undefined;
  /** `usual`, as where it is absent, is what the library takes for each weight by itself. */
  readonly groupSize?: Group | 'usual' | undefined;
  readonly axis?: GroupAxis | undefined;
  /** What products round x to; absent, x stays in floats. */
  readonly activations?: ActivationType | undefined;
  /** Whether layers give codes of that type too, by a scale of their own. Default false. */
  readonly outputs?: boolean | undefined;
  /** Whether its zeros are codes of 8 bits in turn. */
  readonly quantZero?: boolean | undefined;
  /** Whether its scales are. */
  readonly quantScale?: boolean | undefined;
  /** From which size of an element on products take its column of x in floats; 0: they take none so. */
  readonly threshold?: number | undefined;
}

/** A scheme with its method and what was chosen of it. */
export interface ChosenScheme extends Scheme {
  readonly method: Method;
  readonly choice: Choice;
}

/**
 * The scheme of a choice, where groups are left open as is usual of a weight of this shape, if it is
 * given. Throws {@link QuantizerError} `quant-method` that names what is not there.
 */
export function schemeOf(options: SchemeOptions, shape?: Shape): ChosenScheme {
  const { method: name, bits, groupSize, axis, activations, outputs, threshold } = options;
  const method = methods.get(name);
  if (!method)
    throw new QuantizerError(
      'quant-method',
      `no method is named ${name}: give ${[...methods.keys()].join(', ')}`,
    );
  const choice: Choice = {
    bits: chosen(method, 'bits', method.bits, bits),
    group: chosen(method, 'groupSize', method.groups, groupFor(method, { groupSize, axis }, shape)),
    ...(method.axes || axis !== undefined
      ? { axis: chosen(method, 'axis', method.axes ?? [], axis) }
      : {}),
    ...(activations === undefined
      ? {}
      : { activations: chosen(method, 'activations', method.activations ?? [], activations) }),
    ...(outputs ? { outputs } : {}),
    ...(threshold === undefined ? {} : { threshold: chosenThreshold(method, threshold) }),
    ...chosenMeta(method, options),
  };
  if (choice.outputs && !choice.activations)
    throw new QuantizerError(
      'quant-method',
      `outputs of ${name}: ${method.activations ? `they are codes of the type that activations have: give activations ${method.activations.join(' or ')}` : 'it has none'}`,
    );
  if (choice.activations && choice.axis !== method.axes?.[0])
    throw new QuantizerError(
      'quant-method',
      `activations ${choice.activations} of ${name} along axis ${choice.axis}: ${method.library} has no such product: give axis ${method.axes?.[0]}`,
    );
  return { method, choice, ...method.make(choice) };
}

/** The size of groups that is wished, or else what the library takes for a weight by itself. */
function groupFor(
  { axes = [], usualGroup: usual }: Method,
  { groupSize = 'usual', axis = axes[0] }: Pick<SchemeOptions, 'groupSize' | 'axis'>,
  shape: Shape | undefined,
): Group | undefined {
  if (groupSize !== 'usual') return groupSize;
  return shape && axis === axes[0] ? usual?.(shape) : undefined;
}

/** What is wished of zeros and scales; what is false is left out. */
function chosenMeta({ name, metas = [] }: Method, options: SchemeOptions): MetaChoice {
  const wish = META.filter((part) => options[part]);
  const missing = wish.filter((part) => !metas.some((meta) => meta[part]));
  if (missing.length > 0)
    throw new QuantizerError('quant-method', `${missing.join(' and ')} of ${name}: it has none`);
  return Object.fromEntries(wish.map((part) => [part, true]));
}

function chosenThreshold({ name, hasThreshold }: Method, wish: number): number {
  if (hasThreshold && Number.isFinite(wish) && wish >= 0) return wish;
  const advice = hasThreshold ? 'give a number from 0 on' : 'it has none';
  throw new QuantizerError('quant-method', `threshold ${wish} of ${name}: ${advice}`);
}

const META = ['quantZero', 'quantScale'] as const;

/** The wish, or what is usual. */
function chosen<T extends number | string>(
  { name }: Method,
  what: string,
  all: readonly T[],
  wish: T | undefined,
): T {
  if (wish === undefined) return all[0] as T;
  if (all.includes(wish)) return wish;
  const advice = all.length > 0 ? `give ${all.join(' or ')}` : 'it has none';
  throw new QuantizerError('quant-method', `${what} ${wish} of ${name}: ${advice}`);
}
