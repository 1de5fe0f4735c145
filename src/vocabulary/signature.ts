import * as v from 'valibot';
import type { DType } from '../tensor/dtype.ts';
import { SignatureError } from './error.ts';
import type { none, TensorRule, TensorRules } from './rules.ts';

/** What the type system knows of a signature; see {@link InputsOf} and its neighbours. */
interface SignatureTypes {
  /** Parameters as a caller writes them: those with a default may be absent. */
  readonly given: object;
  /** Parameters with their defaults filled in. */
  readonly params: object;
  readonly inputs: string;
  readonly optionalInputs: string;
  readonly outputs: string;
  readonly optionalOutputs: string;
  readonly saved: string;
  readonly optionalSaved: string;
  readonly gradients: string;
  /** Outputs that no gradient flows into. */
  readonly detached?: string;
}

/**
 * What an op is called with and what it gives, declared once: launchers and records are typed by
 * it, bundles and refusals are checked by it, and the list of the Python side is written from it.
 */
export interface Signature<Types extends SignatureTypes = SignatureTypes> {
  /** Name in parity bundles, or torch's. */
  readonly name: string;
  /** Folder of the op in shaders, launchers, records and here. */
  readonly family: string;
  readonly params: v.GenericSchema<unknown, object>;
  /** Parameters that are lists of numbers, and may be given as one number. */
  readonly lists: Readonly<Record<string, v.GenericSchema>>;
  /** Values of the parameters that have a default. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly inputs: TensorRules<never>;
  readonly outputs: TensorRules<never>;
  /** What a forward pass keeps for the backward pass, beside its outputs. */
  readonly saved: TensorRules<never>;
  /** Inputs that have a gradient. */
  readonly gradients: readonly string[];
  /** Whether parity bundles hold the op; others are the engine's own. */
  readonly inBundles: boolean;
  /** Never there: carries the types. */
  readonly '~types'?: Types;
}

/** Names of rules that may be absent, and of those that may not. */
type AbsentIn<Rules> = {
  [Name in keyof Rules]: Rules[Name] extends
    | { readonly optional: true }
    | { readonly when: unknown }
    ? Name
    : never;
}[keyof Rules] &
  string;
type PresentIn<Rules> = Exclude<keyof Rules & string, AbsentIn<Rules>>;
type DetachedIn<Rules> = {
  [Name in keyof Rules]: Rules[Name] extends { readonly detached: true } ? Name : never;
}[keyof Rules] &
  string;

/** `x#` as x0, x1, ...; `base.*` as any name that begins so. */
type Names<Name extends string> = Name extends `${infer Base}#`
  ? `${Base}${number}`
  : Name extends `${infer Base}*`
    ? `${Base}${string}`
    : Name;

type OptionalKeys<T> = {
  [Key in keyof T]-?: Record<never, never> extends Pick<T, Key> ? Key : never;
}[keyof T];

/** What a list of numbers may be given as. */
type Listed<Output, Input> = NonNullable<Output> extends readonly number[] ? Input : never;

/**
 * Parameters of a schema as a caller writes them: in their final types, or as the schema takes them,
 * such as one number for several; those with a default may be absent.
 */
type Given<Schema extends v.GenericSchema> = {
  readonly [Key in Exclude<keyof v.InferOutput<Schema>, OptionalKeys<v.InferInput<Schema>>>]:
    | v.InferOutput<Schema>[Key]
    | Listed<v.InferOutput<Schema>[Key], v.InferInput<Schema>[Key & keyof v.InferInput<Schema>]>;
} & {
  readonly [Key in keyof v.InferOutput<Schema> & OptionalKeys<v.InferInput<Schema>>]?:
    | v.InferOutput<Schema>[Key]
    | Listed<v.InferOutput<Schema>[Key], v.InferInput<Schema>[Key]>
    | undefined;
};

type Declared<
  Schema extends v.GenericSchema,
  Launch extends v.GenericSchema,
  Inputs,
  Outputs,
  Saved,
  Gradient extends string,
> = Signature<{
  readonly given: Given<Schema> & Given<Launch>;
  readonly params: Readonly<v.InferOutput<Schema> & v.InferOutput<Launch>> & object;
  readonly inputs: Names<PresentIn<Inputs>>;
  readonly optionalInputs: Names<AbsentIn<Inputs>>;
  readonly outputs: Names<PresentIn<Outputs>>;
  readonly optionalOutputs: Names<AbsentIn<Outputs>>;
  readonly saved: Names<PresentIn<Saved>>;
  readonly optionalSaved: Names<AbsentIn<Saved>>;
  readonly gradients: Names<Gradient>;
  readonly detached: Names<DetachedIn<Outputs>>;
}>;

/** Declares an op; its parameters type the rules of its tensors. */
export function signature<
  Schema extends v.GenericSchema<unknown, object>,
  Inputs extends TensorRules<v.InferOutput<Schema>>,
  Outputs extends TensorRules<v.InferOutput<Schema>>,
  Saved extends TensorRules<v.InferOutput<Schema>> = Record<never, never>,
  const Gradient extends keyof Inputs & string = never,
  Launch extends v.GenericSchema<unknown, object> = typeof none,
>(
  op: { readonly family: string; readonly name: string; readonly inBundles?: boolean },
  params: Schema,
  tensors: {
    readonly inputs: Inputs;
    readonly outputs: Outputs;
    readonly saved?: Saved;
    readonly gradients?: readonly Gradient[];
  },
  /** Parameters that say how to launch the op, not what it computes: bundles do not hold them. */
  launch?: Launch,
): Declared<Schema, Launch, Inputs, Outputs, Saved, Gradient> {
  const { inputs, outputs, saved, gradients = [] } = tensors;
  return {
    name: op.name,
    family: op.family,
    inBundles: op.inBundles ?? true,
    params,
    lists: listsOf(params),
    defaults: { ...defaultsOf(params), ...(launch ? defaultsOf(launch) : {}) },
    // The rules' own parameter types end here; a caller goes through the types above.
    inputs: inputs as unknown as TensorRules<never>,
    outputs: outputs as unknown as TensorRules<never>,
    saved: (saved ?? {}) as unknown as TensorRules<never>,
    gradients,
  };
}

/** Schemas of the parameters by name. */
function entriesOf(schema: v.GenericSchema): [string, v.GenericSchema][] {
  const object = 'pipe' in schema ? (schema.pipe as readonly [v.GenericSchema])[0] : schema;
  return 'entries' in object
    ? Object.entries(object.entries as Record<string, v.GenericSchema>)
    : [];
}

/** Those that make a list of one number. */
function listsOf(schema: v.GenericSchema): Readonly<Record<string, v.GenericSchema>> {
  return Object.fromEntries(
    entriesOf(schema).filter(([, entry]) => {
      const one = v.safeParse(entry, 1);
      return one.success && Array.isArray(one.output);
    }),
  );
}

/** What an absent parameter stands for, by name. */
function defaultsOf(schema: v.GenericSchema): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    entriesOf(schema).flatMap(([name, entry]) => {
      const absent = v.safeParse(entry, undefined);
      return absent.success && absent.output !== undefined ? [[name, absent.output]] : [];
    }),
  );
}

function listOf({ name }: Signature, param: string, schema: v.GenericSchema, value: unknown) {
  const read = v.safeParse(schema, value);
  if (read.success) return read.output;
  const [{ message }] = read.issues;
  throw new SignatureError(`${name}: ${param} is ${JSON.stringify(value)}; ${message}`);
}

type TypesOf<S extends Signature> = NonNullable<S['~types']>;
type Named<Present extends string, Absent extends string, T> = {
  readonly [Name in Present]: T;
} & { readonly [Name in Absent]?: T | undefined };

/** Values by the names of the op's inputs; those that may be absent are optional. */
export type InputsOf<S extends Signature, T> = Named<
  TypesOf<S>['inputs'],
  TypesOf<S>['optionalInputs'],
  T
>;
/** Values by the names of the op's outputs; what is saved beside them is optional. */
export type OutputsOf<S extends Signature, T> = Named<
  TypesOf<S>['outputs'],
  TypesOf<S>['optionalOutputs'] | TypesOf<S>['saved'] | TypesOf<S>['optionalSaved'],
  T
>;
/** Values by the names of the op's outputs and of what it saves for the backward pass. */
export type SavedOutputsOf<S extends Signature, T> = Named<
  TypesOf<S>['outputs'] | TypesOf<S>['saved'],
  TypesOf<S>['optionalOutputs'] | TypesOf<S>['optionalSaved'],
  T
>;

type IsUnion<T, Whole = T> = T extends Whole ? ([Whole] extends [T] ? false : true) : never;

type AttachedOf<S extends Signature, Name extends 'outputs' | 'optionalOutputs'> =
  TypesOf<S> extends { readonly detached: infer Detached }
    ? Exclude<TypesOf<S>[Name], Detached>
    : TypesOf<S>[Name];

/** Gradients by output: required where only one output takes one, else each may be absent. */
export type GradOutputsOf<S extends Signature, T> =
  true extends IsUnion<AttachedOf<S, 'outputs'>>
    ? Named<never, AttachedOf<S, 'outputs' | 'optionalOutputs'>, T>
    : Named<AttachedOf<S, 'outputs'>, AttachedOf<S, 'optionalOutputs'>, T>;
/** Values by the names of the inputs that have a gradient; each may be absent. */
export type GradientsOf<S extends Signature, T> = {
  readonly [Name in TypesOf<S>['gradients']]?: T | undefined;
};
/** Parameters as a caller writes them: those with a default may be absent. */
export type GivenParams<S extends Signature> = TypesOf<S>['given'];
/** Parameters with their defaults filled in. */
export type ParamsOf<S extends Signature> = TypesOf<S>['params'];

/**
 * The parameters, with defaults for those that are absent, and whole lists where one number stands
 * for all. Throws SignatureError for a list that is none.
 */
export function completed<S extends Signature>(op: S, given: GivenParams<S>): ParamsOf<S> {
  const params: Record<string, unknown> = { ...op.defaults };
  for (const name of Object.keys(given)) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    const list = op.lists[name];
    if (value !== undefined) params[name] = list ? listOf(op, name, list, value) : value;
  }
  return params;
}

/** The rule of input, output or saved tensor `name`; that of `x#` for x0, x1, ... */
export function ruleOf(rules: TensorRules<never>, name: string): TensorRule<never> | undefined {
  if (Object.hasOwn(rules, name)) return rules[name];
  const [, rule] = Object.entries(rules).find(([pattern]) => matchesName(pattern, name)) ?? [];
  return rule;
}

/** Whether `name` is one that the rule's name stands for. */
export function matchesName(ruleName: string, name: string): boolean {
  if (ruleName.endsWith('*')) return name.startsWith(ruleName.slice(0, -1));
  return ruleName.endsWith('#')
    ? new RegExp(`^${ruleName.slice(0, -1)}(0|[1-9]\\d*)$`).test(name)
    : ruleName === name;
}

/**
 * Element types in which the engine takes a tensor: those it computes in, and halves of what it
 * computes in float32.
 */
export function acceptedTypes({ native }: Pick<TensorRule<never>, 'native'>): readonly DType[] {
  return native.includes('f32') ? [...new Set<DType>(['f32', 'f16', 'bf16', ...native])] : native;
}
