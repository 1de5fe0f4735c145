import { rowOf } from '../catalog/coverage.ts';
import type { Covered } from '../catalog/ids.ts';
import { GradproofError } from '../errors.ts';
import type { Feature } from '../gpu/device.ts';
import type { Shape } from '../tensor/shape.ts';
import type { CaseContext, CaseParams } from './context.ts';
import type { FailedCall } from './failed-call.ts';
import { type Breakable, type Fault, type FaultDeclaration, faultsOf } from './fault.ts';

/** Tiers nest: what is in quick is in full and in slow. */
export type Tier = 'quick' | 'full' | 'slow';

/** The named fault that must turn a case red, given before a second run of it. */
export interface Control {
  readonly name: string;
  readonly faults: readonly Fault[];
}

/** What an op is given in a case. */
export type Given = Omit<FailedCall, 'name'>;

/** One case: a declaration until the harness runs it. */
export interface Case {
  /** `suite:case;param=value`: id, filter, URL and expectation key. */
  readonly id: string;
  readonly suite: string;
  readonly backend: string;
  readonly tier: Tier;
  /** What this case asserts of the catalog: rows, or clauses of rows. */
  readonly covers: readonly Covered[];
  /** What is computed and what is asserted, for people. */
  readonly description: string;
  readonly needs: readonly Feature[];
  readonly timeoutMs: number;
  readonly control: Control;
  /** What the body itself may break. */
  readonly injects: readonly Breakable[];
  /** Whether memory that it does not free is meant. Default no. */
  readonly keepsMemory?: boolean;
  /**
   * What the one op of the case is given, drawn from a seed; absent where a case does more than
   * that. Needs no device.
   */
  readonly given?: (seed: number) => Given;
  readonly run: (t: CaseContext) => Promise<void>;
}

/**
 * A declaration that cannot be right; thrown when suites load. Where it was made earlier, the stack
 * of `declared`, which is kept as the cause, says where.
 */
export class SuiteError extends GradproofError {
  constructor(message: string, declared?: Error) {
    super('bad-suite', message, declared && { cause: declared });
  }
}

/** Cases of one area, in order of declaration. */
export interface Suite {
  readonly name: string;
  /** What it is about, for a reader of its file; a suite that a record implies has none. */
  readonly description: string | undefined;
  readonly cases: readonly Case[];
}

const SUITE_NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const WORD = /^[^\s;=:]+$/;
const DEFAULT_TIMEOUT_MS = 20_000;
/** One case that proves many things at once says little when it fails. */
const MOST_ROWS = 3;

/** Values of each parameter of the cases of one name. */
export type Grid = Readonly<Record<string, readonly (string | number | boolean)[]>>;

/** What one case of a grid has of each parameter. */
export type ParamsOf<G extends Grid> = { readonly [Name in keyof G]: G[Name][number] };

/** A suite under construction. */
export class SuiteBuilder implements Suite {
  readonly name: string;
  readonly description: string | undefined;
  readonly #covers: readonly Covered[];
  readonly #declared: { readonly build: () => readonly Case[] }[] = [];

  constructor(
    name: string,
    options: { readonly description?: string; readonly covers?: readonly Covered[] } = {},
  ) {
    if (!SUITE_NAME.test(name))
      throw new SuiteError(
        `suite "${name}" must be named with dots between words of a-z, 0-9, _ and -, as train.trainer`,
      );
    this.name = name;
    this.description = options.description;
    this.#covers = options.covers ?? [];
  }

  /** Declares a case for every combination of the parameter values in `grid`. */
  case<const G extends Grid = Record<never, never>>(name: string, grid?: G): CaseBuilder<G> {
    const builder = new CaseBuilder<G>(this.name, name, grid ?? ({} as G), this.#covers);
    this.#declared.push(builder);
    return builder;
  }

  get cases(): readonly Case[] {
    return this.#declared.flatMap((builder) => builder.build());
  }
}

/** What is declared of the cases of one name; ends with {@link CaseBuilder.run}. */
export class CaseBuilder<G extends Grid = Grid> {
  readonly #suite: string;
  readonly #name: string;
  readonly #grid: G;
  /** Made where the case is declared: what is missing shows only later. */
  readonly #declared = new Error('the declaration of the case');
  #covers: readonly Covered[];
  #needs: readonly Feature[] = [];
  #tier: Tier = 'quick';
  #timeoutMs = DEFAULT_TIMEOUT_MS;
  #description = '';
  #control: Control | undefined;
  #injects: readonly Breakable[] = [];
  #keepsMemory = false;
  #given: Case['given'];
  #run: ((t: CaseContext<ParamsOf<G>>) => Promise<void>) | undefined;

  constructor(suiteName: string, name: string, grid: G, covers: readonly Covered[]) {
    this.#suite = suiteName;
    this.#name = name;
    this.#grid = grid;
    this.#covers = covers;
  }

  /** Adapter features without which the case is skipped with code `missing-feature`. */
  needs(...features: readonly Feature[]): this {
    this.#needs = features;
    return this;
  }

  tier(tier: Tier): this {
    this.#tier = tier;
    return this;
  }

  timeout(ms: number): this {
    this.#timeoutMs = ms;
    return this;
  }

  /** What the case asserts of the catalog: at most three rows, or clauses of them. */
  covers(...rows: readonly Covered[]): this {
    this.#covers = [...this.#covers, ...rows];
    return this;
  }

  /** What is computed and what is asserted, in prose for people. */
  desc(text: string): this {
    this.#description = text;
    return this;
  }

  /**
   * Names the fault that must turn the case red. A callback is called once, when the suite loads:
   * what its faults count or keep belongs into `wrap`.
   */
  control(name: string, faults: readonly Fault[] | ((fault: FaultDeclaration) => void)): this {
    this.#control = { name, faults: typeof faults === 'function' ? faultsOf(faults) : faults };
    return this;
  }

  /** Declares what the body breaks by `t.injector()`, which refuses anything else. */
  injects(...breakable: readonly Breakable[]): this {
    this.#injects = breakable;
    return this;
  }

  /** Lets the case end with memory that it did not free, which is red else. */
  keepsMemory(): this {
    this.#keepsMemory = true;
    return this;
  }

  /** What the one op of the case is given, to show a case without running it. */
  given(draw: (seed: number) => Given): this {
    this.#given = draw;
    return this;
  }

  /** What the case does; `t.params` has a value of each parameter, and it must read all that vary. */
  run(body: (t: CaseContext<ParamsOf<G>>) => Promise<void>): void {
    this.#run = body;
  }

  /**
   * The cases, one for each combination of parameters. Throws {@link SuiteError} on an incomplete
   * or unsafe declaration.
   */
  build(): readonly Case[] {
    const run = this.#run;
    const control = this.#control;
    const wrong = (what: string) =>
      new SuiteError(`${this.#suite}:${this.#name} ${what}`, this.#declared);
    if (!run) throw wrong('has no run(): say what is computed and asserted');
    if (!control) throw wrong('has no control(): name the fault that turns it red');
    if (new Set(this.#covers.map(rowOf)).size > MOST_ROWS)
      throw wrong(`covers more than ${MOST_ROWS} rows of the catalog: make it several cases`);
    return combinations(this.#grid).map((params) => ({
      id: caseId(this.#suite, this.#name, params, this.#declared),
      suite: this.#suite,
      backend: 'webgpu',
      tier: this.#tier,
      covers: this.#covers,
      description: this.#description,
      needs: this.#needs,
      timeoutMs: this.#timeoutMs,
      control,
      injects: this.#injects,
      ...(this.#keepsMemory ? { keepsMemory: true } : {}),
      ...(this.#given ? { given: this.#given } : {}),
      run: async (t) => {
        const { watched, unread } = watch(params);
        await run(t.withParams(watched));
        const ignored = unread().filter(
          (name) => (this.#grid[name] as readonly unknown[]).length > 1,
        );
        if (ignored.length > 0)
          throw new SuiteError(
            `${this.#suite}:${this.#name} runs once for each ${ignored.join(' and ')} and does not read it`,
          );
      },
    }));
  }
}

/** Starts a suite; export what it returns from `suites/<area>/<name>.suite.ts`. */
export function suite(
  name: string,
  options: { readonly description: string; readonly covers?: readonly Covered[] },
): SuiteBuilder {
  return new SuiteBuilder(name, options);
}

/**
 * `suite:case;param=value;param=value`, with every part checked. Throws {@link SuiteError} that
 * leads to where the case was `declared`.
 */
export function caseId(
  suiteName: string,
  name: string,
  params: CaseParams,
  declared?: Error,
): string {
  const parts = Object.entries(params).map(([key, value]) => [key, String(value)] as const);
  for (const word of [name, ...parts.flat()]) {
    if (!WORD.test(word))
      throw new SuiteError(
        `${suiteName}: "${word}" may not stand in a case id (no white space, ";", "=" or ":")`,
        declared,
      );
  }
  return [`${suiteName}:${name}`, ...parts.map(([key, value]) => `${key}=${value}`)].join(';');
}

/** Parameters that tell which of them were not read. */
function watch<Params extends CaseParams>(
  params: Params,
): { readonly watched: Params; readonly unread: () => readonly string[] } {
  const left = new Set(Object.keys(params));
  const watched = new Proxy(params, {
    get: (target, name) => {
      left.delete(String(name));
      return Reflect.get(target, name);
    },
  });
  return { watched, unread: () => [...left] };
}

function combinations<G extends Grid>(grid: G): ParamsOf<G>[] {
  const all = Object.entries(grid).reduce<CaseParams[]>(
    (all, [key, values]) =>
      all.flatMap((params) => values.map((value) => ({ ...params, [key]: value }))),
    [{}],
  );
  return all as ParamsOf<G>[];
}

/** Parses `37x64` of a case id. */
export function parseShape(text: string): Shape {
  return text.split('x').map(Number);
}
