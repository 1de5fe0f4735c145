import type { Node } from 'oxc-parser';
import type { HostMutant, HostOperator, Switch } from './host-mutant.ts';
import { doesNothing } from './syntax.ts';

/** A range of the source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Whether a range is an expression that only gives a value. */
function isPure(span: Span | Node): boolean {
  return 'type' in span && doesNothing(span);
}

/** A mutant before its place in the file is known. */
export type Change = Pick<HostMutant, 'operator' | 'start' | 'end' | 'replacement' | 'switches'>;

/** A node of a file's syntax tree with all around it. */
export class Site {
  readonly node: Node;
  /** From the root to the parent. */
  readonly ancestors: readonly Node[];
  readonly #source: string;

  constructor(node: Node, ancestors: readonly Node[], source: string) {
    this.node = node;
    this.ancestors = ancestors;
    this.#source = source;
  }

  get parent(): Node | undefined {
    return this.ancestors.at(-1);
  }

  textOf({ start, end }: Span): string {
    return this.#source.slice(start, end);
  }

  /** A change within an expression, which is chosen as a whole. */
  choose(
    operator: HostOperator,
    replacement: string,
    at: Span = this.node,
    expression: Span = this.node,
  ): Change {
    const chosenWhole = expression === this.node ? this.#chainAround() : expression;
    const { start, end } = chosenWhole;
    const before = this.#source.slice(start, at.start);
    const after = this.#source.slice(at.end, end);
    const chosen = `${before}${replacement}${after}`;
    return {
      operator,
      start: at.start,
      end: at.end,
      replacement,
      switches: [{ form: 'choose', start, end, replacement: chosen, isPure: isPure(chosenWhole) }],
    };
  }

  /** Two expressions in each other's place; they are evaluated in the order of the new text. */
  swap(operator: HostOperator, first: Span, second: Span): Change {
    const between = this.#source.slice(first.end, second.start);
    const arePure = isPure(first) && isPure(second);
    const become = ({ start, end }: Span, other: Span): Switch => ({
      form: 'choose',
      start,
      end,
      replacement: this.textOf(other),
      isPure: arePure,
    });
    return {
      operator,
      start: first.start,
      end: second.end,
      replacement: `${this.textOf(second)}${between}${this.textOf(first)}`,
      switches: [become(first, second), become(second, first)],
    };
  }

  /** A statement that is not there. */
  skip(operator: HostOperator, { start, end }: Span = this.node): Change {
    const switches = [{ form: 'skip', start, end }] as const;
    return { operator, start, end, replacement: ';', switches };
  }

  /** The whole of an optional chain, since parentheses within would end it early. */
  #chainAround(): Span {
    let inner = this.node;
    for (const outer of this.ancestors.toReversed()) {
      if (outer.type === 'ChainExpression') return outer;
      const continues =
        (outer.type === 'MemberExpression' && outer.object === inner) ||
        (outer.type === 'CallExpression' && outer.callee === inner) ||
        outer.type === 'TSNonNullExpression';
      if (!continues) break;
      inner = outer;
    }
    return this.node;
  }
}
