import { InvariantError } from '../errors.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import { SignatureError } from './error.ts';
import { pattern } from './pattern.ts';
import type { Known, TensorRule, TensorRules } from './rules.ts';
import { matchesName } from './signature.ts';

/** What has been learnt of the sizes and shapes of one call's tensors so far. */
export class KnownShapes {
  readonly known: Known<never>;
  readonly #dimensions = new Map<string, Shape>();

  constructor(params: unknown, inputs: Readonly<Record<string, { readonly shape: Shape }>>) {
    this.known = {
      params: params as never,
      size: (name) => {
        const bound = this.#dimensions.get(name) ?? this.#dimensions.get(`*${name}`);
        if (!bound)
          throw new InvariantError(`no pattern binds the dimension ${name} before it is used`);
        return sizeOf(bound);
      },
      has: (name) => inputs[name] !== undefined,
      shape: (name) => {
        const tensor = inputs[name];
        if (!tensor) throw new SignatureError(`in.${name}, which it depends on, is missing`);
        return tensor.shape;
      },
    };
  }

  /** Throws SignatureError where `rule` demands another shape; learns from it else. */
  check({ shape: rule }: TensorRule<never>, shape: Shape): void {
    const wanted =
      typeof rule === 'string'
        ? pattern(rule).bind(shape, this.#dimensions)
        : rule(this.known, shape);
    if (!sameShape(wanted, shape)) throw new SignatureError(`[${wanted.join(', ')}] is needed`);
  }
}

/**
 * Replaces `x#` and `base.*` by the names that are there; `x#` must count from 0 without a hole.
 */
export function expandedRules(
  rules: TensorRules<never>,
  present: readonly string[],
): TensorRules<never> {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      if (!/[#*]/.test(name)) return [[name, rule]];
      const found = present.filter((candidate) => matchesName(name, candidate));
      if (name.endsWith('*')) return found.map((candidate) => [candidate, rule]);
      return Array.from({ length: Math.max(1, found.length) }, (_, i) => [
        name.replace('#', String(i)),
        rule,
      ]);
    }),
  );
}
