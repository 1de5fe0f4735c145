import {
  type AbstractElem,
  childElems,
  type ExpressionElem,
  parseSrcModule,
  type Statement,
} from 'wesl/core';
import { type Change, type Mutant, numbered } from './mutants.ts';

/** Values of these calls are of another type than what they are made of. */
const CONVERSIONS = /^(vec|mat|array|bitcast|[fiu]32\b|linear_index\b)/;

/**
 * Further mutants, for kernels that are so short that the usual ones are few: one operand of two
 * alone, a call's first argument in its place, one member for another, a condition turned round,
 * one more than what is assigned.
 */
export function moreMutantsOf(file: string, source: string): readonly Mutant[] {
  const { moduleElem } = parseSrcModule({
    modulePath: `package::${file.replaceAll('/', '::')}`,
    debugFilePath: file,
    src: source,
  });
  const changes: Change[] = [];
  const visit = (elem: AbstractElem): void => {
    if (
      elem.kind === 'attribute' ||
      elem.kind === 'type' ||
      elem.kind === 'import' ||
      elem.kind === 'override'
    )
      return;
    changes.push(...changesOf(elem as Statement | ExpressionElem, source));
    for (const child of childElems(elem)) visit(child);
  };
  for (const decl of moduleElem.decls) visit(decl);
  return numbered(file, source, changes);
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function changesOf(elem: Statement | ExpressionElem, source: string): Change[] {
  const textOf = ({ start, end }: Place) => source.slice(start, end);
  const change = (operator: string, replacement: string, { start, end }: Place = elem): Change => ({
    operator,
    start,
    end,
    replacement,
  });
  switch (elem.kind) {
    case 'binary-expression':
      return /^[<>=!&|]/.test(elem.operator.value)
        ? []
        : [elem.left, elem.right].map((side) => change('operand', textOf(side)));
    case 'call-expression': {
      const [first] = elem.arguments;
      return first && !CONVERSIONS.test(textOf(elem)) ? [change('unwrap', textOf(first))] : [];
    }
    case 'component-member-expression': {
      const other = { a: 'b', b: 'a' }[textOf(elem.access)];
      return other ? [change('member', other, elem.access)] : [];
    }
    case 'if':
      return [change('negate', `!(${textOf(elem.condition)})`, elem.condition)];
    case 'assign':
      return elem.op.value === '='
        ? [change('increment', `(${textOf(elem.rhs)}) + 1`, elem.rhs)]
        : [];
    default:
      return [];
  }
}
