import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type Examination, examine } from '../reference/examination.ts';
import {
  type Accuracy,
  finiteOrNull,
  type Judgement,
  judge,
  type WrongElement,
} from '../reference/judge.ts';
import type { Acceptance, Value } from '../reference/record.ts';
import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import { sameShape as areSame, formatShape } from '../tensor/shape.ts';
import type { Reruns } from './cause.ts';
import type { FailedCall } from './failed-call.ts';
import { type Breakable, FaultInjector } from './fault.ts';
import type { Timing } from './stopwatch.ts';

/** Values of a case's parameters; shapes as `37x64`. */
export type CaseParams = Readonly<Record<string, string | number | boolean>>;

/** What a runner offers to a case: the device of its worker. */
export interface CaseEnvironment {
  readonly gpu: Gpu;
  /** Whether the probe shows round-to-nearest and exact division. */
  readonly ieee: boolean;
  readonly seed: number;
  /** What the body of the case may break. */
  readonly injects: readonly Breakable[];
}

/**
 * An assertion that did not hold: the case fails. Anything else that is thrown makes it an error.
 */
export class AssertionError extends GradproofError {
  readonly at: WrongElement | undefined;

  constructor(code: string, message: string, at?: WrongElement) {
    super(code, message);
    this.at = at;
  }
}

/** A case that cannot run here, with its reason; never a pass. */
export class SkipSignal extends GradproofError {}

/** A file that a case produced. */
export interface Artifact {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Everything that a case recorded while it ran. */
export interface Evidence {
  assertions: number;
  accuracy: Accuracy | undefined;
  timing: Timing | undefined;
  finding: { code: string; message: string; at?: WrongElement } | undefined;
  /** What was judged, element by element, where details are asked for. */
  readonly examined: Examination[] | undefined;
  /** The op that gave the wrong element of the assertion that ended the case. */
  failedCall: FailedCall | undefined;
  /** What running it again has shown, where the case itself did that. */
  reruns: Reruns | undefined;
  readonly metrics: Record<string, number | null>;
  readonly series: Record<string, (number | null)[]>;
  readonly artifacts: Artifact[];
  /** Parity bundles that show alone what the case found. */
  readonly kept: Uint8Array<ArrayBuffer>[];
}

/** What the body of a case works with. */
export class CaseContext<Params extends CaseParams = CaseParams> {
  readonly gpu: Gpu;
  readonly ieee: boolean;
  readonly seed: number;
  readonly injects: readonly Breakable[];
  readonly params: Params;
  readonly evidence: Evidence;

  constructor(
    environment: CaseEnvironment,
    params: Params = {} as Params,
    evidence: Evidence = newEvidence(),
  ) {
    this.gpu = environment.gpu;
    this.ieee = environment.ieee;
    this.seed = environment.seed;
    this.injects = environment.injects;
    this.params = params;
    this.evidence = evidence;
  }

  /** The same case with its parameters; evidence is shared. */
  withParams<Given extends CaseParams>(params: Given): CaseContext<Given> {
    return new CaseContext(this, params, this.evidence);
  }

  /** A generator of its own for every `stream` of the run's seed. */
  random(stream?: number): Random {
    return randomOf(this.seed, stream);
  }

  /** Injects faults that the case declares by `.injects()`, until it is disposed. */
  injector(): FaultInjector {
    return new FaultInjector(this.gpu, this.injects);
  }

  /** Asserts a condition, which counts as one compared thing. */
  expect(condition: boolean, message: () => string, code = 'expectation'): void {
    if (!condition) throw new AssertionError(code, message());
    this.evidence.assertions++;
  }

  /** Asserts equal values, element by element, sign of zero ignored. */
  expectEqual(name: string, actual: Value, expected: Value): void {
    this.expectAccepted(name, actual, expected, { kind: 'exact' });
  }

  /**
   * Asserts that `actual` is right by the rule of the op's record but for elements marked unjudged,
   * and records its accuracy.
   */
  expectAccepted(
    name: string,
    actual: Value,
    oracle: Value,
    acceptance: Acceptance,
    unjudged?: Uint8Array,
  ): Judgement {
    if (!sameShape(actual.shape, oracle.shape)) {
      throw new AssertionError(
        'wrong-shape',
        `${name} has shape ${formatShape(actual.shape)} and should have ${formatShape(oracle.shape)}`,
      );
    }
    this.evidence.examined?.push(examine(name, actual, oracle, acceptance, unjudged));
    const judgement = judge(actual, oracle, acceptance, unjudged);
    if (judgement.accuracy)
      this.evidence.accuracy = worse(this.evidence.accuracy, judgement.accuracy);
    if (!judgement.ok) {
      const { index, actual: got, expected } = judgement.firstWrong as WrongElement;
      throw new AssertionError(
        acceptance.kind === 'within' ? 'out-of-bound' : 'not-equal',
        `${name}[${index.join(', ')}] is ${got ?? 'not finite'} and should be ${expected ?? 'not finite'}; ${wrongWords(judgement)}`,
        judgement.firstWrong,
      );
    }
    // The advisory measure gates where the probe shows round-to-nearest: there our own kernels have
    // no excuse.
    const typical = judgement.accuracy?.typicalUsed;
    if (this.ieee && typical && typical > 1) {
      const message = `${name} is within its legal bound, but errs ${typical.toPrecision(2)} times what is typical: it accumulates like truncation`;
      throw new AssertionError('untypical', message);
    }
    this.evidence.assertions += judgement.compared;
    return judgement;
  }

  /** Runs `judge`; when it finds a wrong element, the op of `call` is what gave it. */
  judgingCall<T>(call: () => FailedCall, judge: () => T): T {
    try {
      return judge();
    } catch (error) {
      if (error instanceof AssertionError && error.at) this.evidence.failedCall = call();
      throw error;
    }
  }

  /** Ends the case as skipped. */
  skip(code: string, detail: string): never {
    throw new SkipSignal(code, detail);
  }

  finding(code: string, message: string, at?: WrongElement): void {
    this.evidence.finding = { code, message, ...(at ? { at } : {}) };
  }

  /** How long a call of what the case is about takes. */
  timing(timing: Timing): void {
    this.evidence.timing = timing;
  }

  metric(name: string, value: number): void {
    this.evidence.metrics[name] = finiteOrNull(value);
  }

  series(name: string, values: readonly number[]): void {
    this.evidence.series[name] = values.map(finiteOrNull);
  }

  artifact(name: string, data: Uint8Array<ArrayBuffer>): void {
    this.evidence.artifacts.push({ name, data });
  }

  /**
   * A parity bundle that shows alone what the case found: the user gets it as a file with the
   * case's name.
   */
  keep(bundle: Uint8Array<ArrayBuffer>): void {
    this.evidence.kept.push(bundle);
  }
}

const sameShape = seam('case.same_shape', areSame);

const randomOf = seam('case.random', (seed: number, stream?: number) => new Random(seed, stream));

/** Evidence of a case that has not done anything yet. `details`: what is judged is examined too. */
export function newEvidence(details?: boolean): Evidence {
  return {
    examined: details ? [] : undefined,
    assertions: 0,
    accuracy: undefined,
    timing: undefined,
    finding: undefined,
    failedCall: undefined,
    reruns: undefined,
    metrics: {},
    series: {},
    artifacts: [],
    kept: [],
  };
}

/**
 * The larger of both errors in each measure: null (no number) is the largest, but of the typical
 * error, which is not known of everything, it counts for nothing.
 */
export function worse(a: Accuracy | undefined, b: Accuracy): Accuracy {
  if (!a) return b;
  const most = (of: (one: Accuracy) => number | null) => larger(of(a), of(b));
  return {
    maxAbs: most(({ maxAbs }) => maxAbs),
    maxRel: most(({ maxRel }) => maxRel),
    maxUlp: most(({ maxUlp }) => maxUlp),
    boundUsed: most(({ boundUsed }) => boundUsed),
    typicalUsed: larger(a.typicalUsed ?? b.typicalUsed, b.typicalUsed ?? a.typicalUsed),
  };
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function wrongWords({ wrong, compared, allowed }: Judgement): string {
  const bound = allowed === undefined ? '' : `; its bound is ${allowed.toPrecision(3)}`;
  return `${wrong} of ${compared} ${compared === 1 ? 'element' : 'elements'} ${wrong === 1 ? 'is' : 'are'} wrong${bound}`;
}
