import { join } from 'node:path';
import {
  isCallExpression,
  isIdentifier,
  isNewExpression,
  isObjectBindingPattern,
  isPrivateIdentifier,
  isPropertyAccessExpression,
  isSpreadAssignment,
  type ParameterDeclaration,
  type SourceFile,
  type Node as TypedNode,
} from 'typescript/unstable/ast';
import {
  API,
  type Checker,
  type Project,
  SymbolFlags,
  type Type,
  type Symbol as TypedSymbol,
  TypeFlags,
} from 'typescript/unstable/sync';
import type { Span } from './site.ts';
import type { TypeFacts } from './type-facts.ts';

/** The compiler, with a project open. */
export class TypeChecker {
  readonly #api: API;
  readonly #root: string;
  readonly #project: Project;
  readonly #types: KnownTypes;

  /** Opens the project of the tsconfig.json in `root`. */
  constructor(root: string) {
    this.#api = new API({ cwd: root });
    this.#root = root;
    const snapshot = this.#api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] });
    const [project] = snapshot.getProjects();
    if (!project) throw new Error(`${root} has no tsconfig.json`);
    this.#project = project;
    this.#types = new KnownTypes(project.checker);
  }

  /** What it knows of a file; the path is from the root. */
  factsOf(file: string): TypeFacts {
    const source = this.#project.program.getSourceFile(join(this.#root, file));
    if (!source) throw new Error(`${file} is no part of the project`);
    return new FactsOfFile(this.#project, source, this.#types);
  }

  [Symbol.dispose](): void {
    this.#api.close();
  }
}

/** What is asked of types again and again; each answer comes from another process. */
class KnownTypes {
  readonly #checker: Checker;
  readonly #properties = new Map<number, ReadonlyMap<string, number>>();
  readonly #widened = new Map<number, Type>();
  readonly #present = new Map<number, Type>();
  readonly #parameters = new Map<number, number>();

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  /** The next property of the same type, in the order of declaration, from the last to the first. */
  another(owner: Type, name: string): string | undefined {
    const ask = () => this.#checker.getNonNullableType(owner) ?? owner;
    const types = this.#typesIn(known(this.#present, owner.id, ask));
    const alike = [...types].flatMap(([other, id]) =>
      id === types.get(name) && isAlike(other, name) ? [other] : [],
    );
    const next = alike[(alike.indexOf(name) + 1) % alike.length];
    return next === name ? undefined : next;
  }

  /** What an object of the type may have, where its type names all of it. */
  propertiesOf(type: Type): readonly string[] | undefined {
    if (type.isUnionType()) {
      const each = type.getTypes().map((one) => this.propertiesOf(one));
      return each.every((names) => names !== undefined) ? each.flat() : undefined;
    }
    const isOpen = (type.flags & TypeFlags.Object) === 0;
    if (isOpen || this.#checker.getIndexInfosOfType(type).length > 0) return undefined;
    return this.#checker.getPropertiesOfType(type).map(({ name }) => name);
  }

  /** `number` for 4: two constants may trade places. */
  widened(type: Type): Type {
    const ask = () => this.#checker.getBaseTypeOfLiteralType(type) ?? type;
    return known(this.#widened, type.id, ask);
  }

  /** How many arguments the only declaration of a function needs. */
  leastArguments({ id, declarations }: TypedSymbol, ask: () => number): number {
    return declarations.length === 1 ? known(this.#parameters, id, ask) : ask();
  }

  #typesIn(owner: Type): ReadonlyMap<string, number> {
    return known(this.#properties, owner.id, () => {
      const symbols = this.#checker
        .getPropertiesOfType(owner)
        .filter(({ flags }) => flags & (SymbolFlags.Property | SymbolFlags.Accessor));
      const types = this.#checker.getTypeOfSymbol(symbols);
      // As many bytes as elements: the one for the other changes nothing.
      const isOfBytes = /^(?:Uint8|Uint8Clamped|Int8)Array$/.test(owner.getSymbol()?.name ?? '');
      return new Map(
        symbols.flatMap(({ name }, i) => {
          const type = types[i];
          if (!type || (isOfBytes && name === 'byteLength')) return [];
          return [[asWritten(name), this.widened(type).id] as const];
        }),
      );
    });
  }
}

function known<T>(values: Map<number, T>, id: number, ask: () => T): T {
  const value = values.get(id) ?? ask();
  values.set(id, value);
  return value;
}

class FactsOfFile implements TypeFacts {
  readonly #project: Project;
  readonly #checker: Checker;
  readonly #known: KnownTypes;
  readonly #nodes = new Map<string, TypedNode>();
  readonly #types: ReadonlyMap<TypedNode, Type | undefined>;
  readonly #callees: ReadonlyMap<TypedNode, TypedSymbol | undefined>;

  constructor(project: Project, source: SourceFile, types: KnownTypes) {
    this.#project = project;
    this.#checker = project.checker;
    this.#known = types;
    const typed = new Set<TypedNode>();
    const callees: TypedNode[] = [];
    const visit = (node: TypedNode): void => {
      this.#nodes.set(`${node.getStart(source)}:${node.end}`, node);
      if (isPropertyAccessExpression(node) && !isCalled(node)) typed.add(node.expression);
      if (isObjectBindingPattern(node)) typed.add(node);
      if (isSpreadAssignment(node)) typed.add(node.expression);
      if (isCallExpression(node) || isNewExpression(node)) {
        const { expression, arguments: given = [] } = node;
        const name = isPropertyAccessExpression(expression) ? expression.name : expression;
        if (isIdentifier(name) || isPrivateIdentifier(name)) callees.push(name);
        for (const argument of given) if (isNamed(argument)) typed.add(argument);
      }
      node.forEachChild(visit);
    };
    visit(source);
    this.#types = answers([...typed], (nodes) => this.#checker.getTypeAtLocation(nodes));
    this.#callees = answers(callees, (nodes) => this.#checker.getSymbolAtLocation(nodes));
  }

  leastArguments(call: Span): number | undefined {
    const node = this.#at(call);
    if (!node || !(isCallExpression(node) || isNewExpression(node))) return undefined;
    const { expression } = node;
    const callee = this.#callees.get(
      isPropertyAccessExpression(expression) ? expression.name : expression,
    );
    return callee && this.#known.leastArguments(callee, () => this.#leastArgumentsOf(node));
  }

  areAlike(first: Span, second: Span): boolean {
    const [one, other] = [first, second].map((span) => {
      const type = this.#typeAt(span);
      return type && this.#known.widened(type);
    });
    if (!one || !other) return false;
    const fits = (from: Type, to: Type) => this.#checker.isTypeAssignableTo(from, to);
    return one.id === other.id || (fits(one, other) && fits(other, one));
  }

  otherProperty(member: Span): string | undefined {
    const node = this.#at(member);
    if (!node || !isPropertyAccessExpression(node)) return undefined;
    const owner = this.#types.get(node.expression);
    return owner && this.#known.another(owner, node.name.text);
  }

  otherKey(pattern: Span, name: string): string | undefined {
    const owner = this.#typeAt(pattern);
    return owner && this.#known.another(owner, name);
  }

  propertiesOf(spread: Span): readonly string[] | undefined {
    const type = this.#typeAt(spread);
    return type && this.#known.propertiesOf(type);
  }

  #typeAt(span: Span): Type | undefined {
    const node = this.#at(span);
    return node && this.#types.get(node);
  }

  /** As many as can be given where the call cannot be made out. */
  #leastArgumentsOf(call: TypedNode): number {
    const signature = this.#checker.getResolvedSignature(call);
    const declared = signature?.declaration?.resolve(this.#project);
    if (!declared || !('parameters' in declared)) return Number.POSITIVE_INFINITY;
    const parameters = declared.parameters as readonly ParameterDeclaration[];
    const optional = parameters.findIndex(isOptional);
    return optional < 0 ? parameters.length : optional;
  }

  /** The innermost node of a range. */
  #at({ start, end }: Span): TypedNode | undefined {
    return this.#nodes.get(`${start}:${end}`);
  }
}

function answers<T>(
  nodes: readonly TypedNode[],
  ask: (nodes: readonly TypedNode[]) => readonly T[],
): ReadonlyMap<TypedNode, T | undefined> {
  const found = nodes.length > 0 ? ask(nodes) : [];
  return new Map(nodes.map((node, i) => [node, found[i]]));
}

function isCalled(node: TypedNode): boolean {
  const { parent } = node;
  return (isCallExpression(parent) || isNewExpression(parent)) && parent.expression === node;
}

function isNamed(node: TypedNode): boolean {
  return isIdentifier(node) || isPropertyAccessExpression(node);
}

function isOptional({ questionToken, initializer, dotDotDotToken }: ParameterDeclaration): boolean {
  return Boolean(questionToken ?? initializer ?? dotDotDotToken);
}

/** `#base` for `__#59@#base`, as the checker keeps the private names of a class apart. */
function asWritten(name: string): string {
  return name.replace(/^__#\d+@/, '');
}

/**
 * Both private or both not, no constant, and no element of a tuple, which stands behind no point.
 */
function isAlike(other: string, name: string): boolean {
  return other.startsWith('#') === name.startsWith('#') && !/^(?:[A-Z_]{2,}|\d+)$/.test(other);
}
