import {
  type AbstractElem,
  childElems,
  type ExpressionElem,
  parseSrcModule,
  type Statement,
} from 'wesl/core';

/** One change of one place in a shader's source. */
export interface Mutant {
  /** Path in shaders/ without extension. */
  readonly file: string;
  readonly operator: string;
  /** Line of the source file, from 1. */
  readonly line: number;
  /** Which of the operator's mutants on that line, from 1. */
  readonly n: number;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** A change before it has its number. */
export type Change = Pick<Mutant, 'operator' | 'start' | 'end' | 'replacement'>;

const SWAPPED: Readonly<Record<string, readonly [operator: string, replacement: string]>> = {
  '+': ['arithmetic', '-'],
  '-': ['arithmetic', '+'],
  '*': ['arithmetic', '/'],
  '/': ['arithmetic', '*'],
  '%': ['arithmetic', '/'],
  '<': ['boundary', '<='],
  '<=': ['boundary', '<'],
  '>': ['boundary', '>='],
  '>=': ['boundary', '>'],
  '==': ['condition', '!='],
  '!=': ['condition', '=='],
  '&&': ['logic', '||'],
  '||': ['logic', '&&'],
  '&': ['bits', '|'],
  '|': ['bits', '&'],
  '^': ['bits', '&'],
  '<<': ['bits', '>>'],
  '>>': ['bits', '<<'],
  '+=': ['arithmetic', '-='],
  '-=': ['arithmetic', '+='],
  '*=': ['arithmetic', '/='],
  '/=': ['arithmetic', '*='],
  '|=': ['bits', '&='],
  '&=': ['bits', '|='],
};

const SWAPPED_CALLS: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  quadSwapX: 'quadSwapY',
};
const SWAPPED_MEMBERS: Readonly<Record<string, string>> = {
  x: 'y',
  y: 'x',
  z: 'w',
  w: 'z',
  xy: 'yx',
  zw: 'wz',
};

/**
 * Every mutant of a shader's source, in the order of the text: swapped operators, boundaries,
 * conditions that hold always or never, constants off by one (floats by 2e-5), indices off by one,
 * swapped components, calls and arguments, changed signs, dropped statements and barriers, a
 * smaller workgroup. Many are invalid WGSL or equal to the original: the compiler and a reviewed
 * list tell.
 */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const module = parseSrcModule({
    modulePath: `package::${file.replaceAll('/', '::')}`,
    debugFilePath: file,
    src: source,
  });
  const changes: Change[] = [];
  const sizes = namesOfSizes(module.moduleElem.decls, source);
  const visit = (elem: AbstractElem): void => {
    // Workgroup sizes and bindings stand in attributes: changing them changes the launch, not the
    // kernel; smallerGroup does.
    if (
      elem.kind === 'attribute' ||
      elem.kind === 'type' ||
      elem.kind === 'import' ||
      elem.kind === 'directive'
    )
      return;
    // Launchers set every override, so that its initialiser is never used.
    if (elem.kind === 'override') return;
    if (elem.kind === 'const' && sizes.has(elem.name.decl.ident.originalName)) return;
    changes.push(...changesOf(elem as Statement | ExpressionElem, source));
    for (const child of childElems(elem)) visit(child);
  };
  for (const decl of module.moduleElem.decls) visit(decl);
  return numbered(file, source, [...changes, ...smallerGroup(source)]);
}

/**
 * A workgroup of one invocation less than the launcher takes it to have, where its size is a number
 * or a constant of this file.
 */
function smallerGroup(source: string): Change[] {
  const [, named = ''] = /@workgroup_size\((\w+)/.exec(source) ?? [];
  const place = /^\d/.test(named)
    ? /@workgroup_size\((\d+)/d
    : new RegExp(`\\bconst ${named} = (\\d+)`, 'd');
  const [start, end] = place.exec(source)?.indices?.[1] ?? [0, 0];
  const size = Number(source.slice(start, end));
  return size > 1 ? [{ operator: 'group', start, end, replacement: String(size - 1) }] : [];
}

/**
 * What attributes and types name: a constant among it, as of `@workgroup_size(SIZE)` or
 * `array<f32, ROWS>`, says who computes how much.
 */
function namesOfSizes(decls: readonly AbstractElem[], source: string): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (elem: AbstractElem): void => {
    if (elem.kind === 'attribute' || elem.kind === 'type')
      for (const name of text(elem, source).match(/\w+/g) ?? []) names.add(name);
    else for (const child of childElems(elem)) visit(child);
  };
  for (const decl of decls) visit(decl);
  return names;
}

function changesOf(elem: Statement | ExpressionElem, source: string): Change[] {
  switch (elem.kind) {
    case 'binary-expression':
      return swap(elem.operator.value, elem.operator.span);
    case 'assign':
      return [
        ...swap(elem.op.value, elem.op.span),
        ...(elem.op.value === '=' ? negate(elem.rhs, source) : []),
        drop('drop-statement', elem),
      ];
    case 'increment':
    case 'decrement':
      return [drop('drop-statement', elem)];
    case 'call':
      return [
        drop(/Barrier$/.test(callee(elem.call, source)) ? 'drop-barrier' : 'drop-statement', elem),
      ];
    case 'call-expression': {
      const swapped = SWAPPED_CALLS[callee(elem, source)];
      const call = swapped
        ? [{ operator: 'call', ...rangeOf(elem.function), replacement: swapped }]
        : [];
      return [...call, ...swapArguments(elem, source)];
    }
    case 'if':
      return ['true', 'false'].map((replacement) => ({
        operator: 'guard',
        ...rangeOf(elem.condition),
        replacement,
      }));
    case 'literal':
      return constants(elem.value).map(([operator, replacement]) => ({
        operator,
        ...rangeOf(elem),
        replacement,
      }));
    case 'component-expression':
      return elem.access.kind === 'literal'
        ? []
        : [
            {
              operator: 'index',
              ...rangeOf(elem.access),
              replacement: `(${text(elem.access, source)}) + 1`,
            },
          ];
    case 'component-member-expression': {
      const swapped = SWAPPED_MEMBERS[text(elem.access, source)];
      return swapped
        ? [{ operator: 'component', ...rangeOf(elem.access), replacement: swapped }]
        : [];
    }
    case 'return':
      return elem.value ? negate(elem.value, source) : [];
    default:
      return [];
  }
}

function swap(value: string, [start, end]: readonly [number, number]): Change[] {
  const swapped = SWAPPED[value];
  return swapped ? [{ operator: swapped[0], start, end, replacement: swapped[1] }] : [];
}

function negate(expression: ExpressionElem, source: string): Change[] {
  return [
    { operator: 'sign', ...rangeOf(expression), replacement: `-(${text(expression, source)})` },
  ];
}

/** The values that a select chooses from trade places. */
function swapArguments(
  elem: Extract<ExpressionElem, { kind: 'call-expression' }>,
  source: string,
): Change[] {
  const [first, second] = elem.arguments;
  if (!first || !second || callee(elem, source) !== 'select') return [];
  const between = source.slice(first.end, second.start);
  return [
    {
      operator: 'arguments',
      start: first.start,
      end: second.end,
      replacement: `${text(second, source)}${between}${text(first, source)}`,
    },
  ];
}

function drop(operator: string, elem: { readonly start: number; readonly end: number }): Change {
  return { operator, start: elem.start, end: elem.end, replacement: ';' };
}

/**
 * An integer becomes one more and, if it can, one less; a float changes by 2e-5, and 0.0 becomes
 * 1.0.
 */
function constants(value: string): [operator: string, replacement: string][] {
  if (value === 'true' || value === 'false')
    return [['condition', value === 'true' ? 'false' : 'true']];
  const integer = /^(0x[0-9a-f]+|\d+)([iu]?)$/i.exec(value);
  if (integer) {
    const number = Number(integer[1]);
    const suffix = integer[2] ?? '';
    return [
      ['constant', `${number + 1}${suffix}`],
      ...(number > 0 ? [['constant', `${number - 1}${suffix}`] as [string, string]] : []),
    ];
  }
  const number = Number(value.replace(/[fh]$/, ''));
  if (!Number.isFinite(number)) return [];
  return [['constant', number === 0 ? '1.0' : floatLiteral(number * (1 + 2e-5))]];
}

function floatLiteral(x: number): string {
  const digits = Math.fround(x).toPrecision(10);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

function callee(
  call: Extract<ExpressionElem, { kind: 'call-expression' }>,
  source: string,
): string {
  return text(call.function, source);
}

function text(
  { start, end }: { readonly start: number; readonly end: number },
  source: string,
): string {
  return source.slice(start, end);
}

function rangeOf({ start, end }: { readonly start: number; readonly end: number }): {
  start: number;
  end: number;
} {
  return { start, end };
}

/** The changes as mutants, in the order of the text, numbered on each line. */
export function numbered(file: string, source: string, changes: readonly Change[]): Mutant[] {
  const sorted = [...changes].sort((a, b) => a.start - b.start || a.end - b.end);
  const counts = new Map<string, number>();
  return sorted.map((change) => {
    const line = source.slice(0, change.start).split('\n').length;
    const key = `${change.operator};${line}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    return { file, line, n, ...change };
  });
}

/** The source with one change applied. */
export function applyMutant(
  source: string,
  { start, end, replacement }: Pick<Mutant, 'start' | 'end' | 'replacement'>,
): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

/** `mutate.<family>.<op>:<operator>;line=12;n=3` */
export function mutantId({ file, operator, line, n }: Mutant): string {
  return `mutate.${file.replaceAll('/', '.')}:${operator};line=${line};n=${n}`;
}
