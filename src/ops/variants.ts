import { invariant } from '../errors.ts';
import type { Feature } from '../gpu/device.ts';
import { type Gpu, hasFewLanes } from '../gpu/gpu.ts';
import type { Constants } from '../gpu/pipelines.ts';
import { has, type TuningRow } from '../gpu/tuning.ts';
import { mapped } from '../graph/call.ts';
import type { DType } from '../tensor/dtype.ts';
import { matrixOf, type Shape } from '../tensor/shape.ts';
import type { Signature } from '../vocabulary/signature.ts';
import { CHECKED_IN } from './tuning/checked-in.ts';

/** What a choice sees of a tensor. */
interface Operand {
  readonly dtype: DType;
  readonly shape: Shape;
}

type Operands<Names extends string = string> = Readonly<Record<Names, Operand>>;

/** The facts of a device that a choice looks at, and what was measured there. */
export type Machine = Pick<Gpu, 'features' | 'limits' | 'widestSubgroup'> &
  Partial<Pick<Gpu, 'tuned' | 'decidedBy'>>;

/** What has variants to choose from. */
export interface Choosable {
  readonly signature: Pick<Signature, 'name' | 'inputs'>;
  readonly variants: Readonly<Record<string, Variant>>;
}

/**
 * What the sizes of a variant are chosen by. Opening a device measures one thing,
 * whether the lanes of a quad are neighbours; where they are not, `features` has no `subgroups`, so
 * that a choice, a skip and a report have one answer. The probe of the arithmetic is not part of
 * this: no variant needs its answers, since each keeps its bound under every legal arithmetic, and
 * a program without the harness opens a device and never asks.
 */
export interface Situation<Names extends string = string> extends Machine {
  readonly operands: Operands<Names>;
}

/**
 * One way to run an op. What cuts its sums belongs to it, and never to a device: bounds are
 * simulated, and their power is shown, by variant and before there is a device. One that should cut
 * otherwise is another variant.
 */
export interface Variant {
  readonly kernels: readonly string[];
  /**
   * Invocations that share a sum, where kernels have them as their constant LANES; a test holds the
   * two equal.
   */
  readonly lanes?: number;
  /**
   * The c of the error bound: for a sum of `terms` products it returns (terms that one invocation
   * adds - 1) + levels across invocations + 1 for the product. `lanes` are those above, 1 without.
   * Left out where no bound of the op asks for it, since nothing is added up.
   */
  readonly depth?: (terms: number, lanes: number) => number;
  /** Features of adapter and language without which the variant cannot run. */
  readonly needs?: readonly Feature[];
  /** What a table may choose in place of the sizes that a launch reckons. */
  readonly offers?: Offers;
}

/** The same variants, which run kernels of these too. */
export const withKernels = <Name extends string, Of extends Pick<Variant, 'kernels'>>(
  variants: Readonly<Record<Name, Of>>,
  kernels: readonly string[],
): Readonly<Record<Name, Of>> =>
  mapped(variants, (variant) => ({ ...variant, kernels: [...variant.kernels, ...kernels] }));

/**
 * One way to launch a kernel that several ops share. Its operands, named by `Names`, are those of
 * the launch, not of the op around it.
 */
export interface LaunchVariant<Names extends string> extends Variant {
  /** Whether its kernel computes this launch (by default it does); else the first variant's does. */
  readonly takes?: (situation: Situation<Names>) => boolean;
  /**
   * Constants that the kernel is compiled with for this launch. They share out the elements of the
   * result; what cuts a sum is the variant's own.
   */
  readonly sizes?: (situation: Situation<Names>) => Constants;
}

/** Values of sizes that may be measured instead: with each of them results have the same bits. */
export type Offers = Readonly<Record<string, readonly number[]>>;

/**
 * The variant that runs on these inputs when none is asked for: that of the first row that fits of
 * what was measured on the device, then of {@link CHECKED_IN}; else the op's first one. Throws
 * TypeError when the adapter can run none.
 */
export function chooseVariant(gpu: Machine, op: Choosable, inputs: Operands = {}): string {
  const fits = (row: TuningRow) => {
    const variant = op.variants[row.variant];
    return variant !== undefined && runs(gpu, variant) && fitsRow(row, gpu, op, inputs);
  };
  const row = gpu.tuned?.find(fits) ?? checkedInFor(op).find(fits);
  if (row) return row.variant;
  for (const name in op.variants) if (runs(gpu, op.variants[name] as Variant)) return name;
  throw new TypeError('no variant of the op runs on this adapter');
}

/** By variants, and by the name of their op, the rows that are of it. */
const ofOps = new WeakMap<Choosable['variants'], Map<string, readonly TuningRow[]>>();

/** Rows of the checked-in table that name a variant of the op: each of its calls looks for one. */
function checkedInFor({ signature: { name }, variants }: Choosable): readonly TuningRow[] {
  let byName = ofOps.get(variants);
  if (!byName) {
    byName = new Map();
    ofOps.set(variants, byName);
  }
  let rows = byName.get(name);
  if (!rows) {
    rows = CHECKED_IN.filter(
      ({ variant, ops }) => Object.hasOwn(variants, variant) && (ops?.includes(name) ?? true),
    );
    byName.set(name, rows);
  }
  return rows;
}

/** Names of the variants whose features the adapter has, in their order. */
export function runnableVariants(
  gpu: Pick<Machine, 'features'>,
  { variants }: Pick<Choosable, 'variants'>,
): readonly string[] {
  return Object.keys(variants).filter((name) => runs(gpu, variants[name] as Variant));
}

function runs({ features }: Pick<Machine, 'features'>, { needs }: Variant): boolean {
  return needs?.every((feature) => features.has(feature)) ?? true;
}

/** Whether a row is meant for an op on such a device, with such a first operand. */
function fitsRow(
  { ops, lanes, dtype, rows, width }: TuningRow,
  gpu: Machine,
  { signature }: Choosable,
  inputs: Operands,
): boolean {
  if (ops && !ops.includes(signature.name)) return false;
  if (lanes && (lanes === 'few') !== hasFewLanes(gpu)) return false;
  if (!(dtype || rows || width)) return true;
  const [leading = ''] = Object.keys(signature.inputs);
  const operand = inputs[leading];
  if (!operand || (dtype && operand.dtype !== dtype)) return false;
  const [height, across] = matrixOf(operand.shape);
  return (!rows || has(rows, height)) && (!width || has(width, across));
}

/**
 * The depth of a variant; of one that is not here, of a sum in any order. What comes back throws
 * InvariantError for a variant without one, whose results no bound should hold by a sum.
 */
export function depthOf(variant: Variant | undefined): (terms: number) => number {
  if (!variant) return (terms) => terms;
  const { depth, lanes = 1, kernels } = variant;
  return (terms) => {
    invariant(depth, () => `the variant of ${kernels.join()} adds up, and has no depth`);
    return depth(terms, lanes);
  };
}

/**
 * Until it is disposed, launches have the sizes of the first row that fits an op with these operands
 * and names its `variant`, where that row has some. Undefined where nothing was measured.
 */
export function takingSizes(
  gpu: Gpu,
  op: Choosable,
  inputs: Operands,
  variant: string,
): Disposable | undefined {
  if (gpu.tuned.length === 0) return undefined;
  const before = gpu.decidedBy;
  gpu.decidedBy = gpu.tuned.find((row) => row.variant === variant && fitsRow(row, gpu, op, inputs));
  return {
    [Symbol.dispose]: () => {
      gpu.decidedBy = before;
    },
  };
}

/**
 * The variant and the sizes of a launch in an op that runs as `asked`: the first variant where
 * `asked` does not take the launch or is none of these. Sizes of the row by which the op runs
 * ({@link takingSizes}) come before those that the variant reckons, in launches whose results have
 * as many `rows` as the row says of operands: a product of other rows is another one.
 */
export function chooseLaunch<Names extends string, Name extends string>(
  gpu: Machine,
  variants: Readonly<Record<Name, Omit<LaunchVariant<Names>, 'kernels'>>>,
  asked: string,
  operands: Operands<Names>,
  rows?: number,
): { readonly variant: Name; readonly sizes: Constants } {
  const situation = situationOf(gpu, operands);
  const [first] = Object.keys(variants) as [Name];
  const wanted = Object.hasOwn(variants, asked) ? (asked as Name) : first;
  const name = (variants[wanted].takes?.(situation) ?? true) ? wanted : first;
  const { sizes, offers } = variants[name];
  return {
    variant: name,
    sizes: { ...sizes?.(situation), ...measuredSizes(gpu, name, offers, rows) },
  };
}

/** The sizes of the row by which an op runs, as far as the variant of a launch offers them. */
function measuredSizes(
  { decidedBy }: Machine,
  variant: string,
  offers: Offers = {},
  rows?: number,
): Constants {
  if (!decidedBy?.sizes || decidedBy.variant !== variant || rows === undefined) return {};
  if (decidedBy.rows && !has(decidedBy.rows, rows)) return {};
  const offered = Object.entries(decidedBy.sizes).filter(([name, value]) =>
    offers[name]?.includes(value),
  );
  return Object.fromEntries(offered);
}

function situationOf<Names extends string>(
  gpu: Machine,
  operands: Operands<Names>,
): Situation<Names> {
  const { features, limits, widestSubgroup } = gpu;
  return { features, limits, widestSubgroup, operands };
}
