import { epilogueShader } from './epilogue.ts';
import { type FusedCall, fusedShader } from './fused-shader.ts';
import type { Allocation, Binding, Place } from './memory.ts';
import { flopsOf, type Launch } from './recorder.ts';
import { f32, gridOfFours, type UniformField, u32 } from './shader.ts';
import { type Command, TracedAllocation, touched } from './trace.ts';

/**
 * A launch where each element of the one output, its last binding, is a function of the same
 * element of every input.
 */
type Elementwise = Launch & { readonly elementwise: NonNullable<Launch['elementwise']> };

/** A launch that can apply elementwise functions to what it stores. */
type Product = Launch & { readonly product: NonNullable<Launch['product']> };

/**
 * Elementwise launches that become one kernel, or the epilogue of a product, which runs where the
 * last of them did.
 */
interface Group {
  readonly product?: Product;
  readonly members: Elementwise[];
}

/**
 * The commands with elementwise launches that follow from each other, from a product or from the
 * same input, made one kernel each. A result that only members of its kernel use stays in
 * registers. `kept` is memory that must hold its result. Launches move toward the last of their
 * group, never past a command that touches what they write or writes what they read; `mostBindings`
 * is the device's limit.
 */
export async function fused(
  commands: readonly Command[],
  kept: ReadonlySet<Allocation>,
  mostBindings: number,
): Promise<Command[]> {
  const result: (Command | Group)[] = [];
  // Groups that could still run where the next command does.
  let open: Group[] = [];
  for (const command of commands) {
    const launch = command.kind === 'dispatch' ? command.launch : undefined;
    const joined =
      launch && isElementwise(launch)
        ? open.findLast((group) => joins(group, launch, mostBindings))
        : undefined;
    open = open.filter((group) => group === joined || !conflicts(group, command));
    if (joined) result.splice(result.indexOf(joined), 1);
    const group = joined ?? (launch && groupOf(launch));
    if (joined) joined.members.push(launch as Elementwise);
    else if (group) open.push(group);
    result.push(group ?? command);
  }
  return Promise.all(
    result.map((item) => ('members' in item ? compile(item, result, kept) : item)),
  );
}

function launchesOf({ product, members }: Group): readonly Launch[] {
  return product ? [product, ...members] : members;
}

function isProduct(launch: Launch): launch is Product {
  return launch.product !== undefined;
}

/** A launch that others can follow, alone. */
function groupOf(launch: Launch): Group | undefined {
  if (isElementwise(launch)) return { members: [launch] };
  return isProduct(launch) ? { product: launch, members: [] } : undefined;
}

function isElementwise(launch: Launch): launch is Elementwise {
  return launch.elementwise !== undefined;
}

/** What a group binds: inputs from outside, each once, and the output of every member. */
function bindingsOf(members: readonly Launch[]): {
  readonly inputs: readonly Binding[];
  readonly outputs: readonly Binding[];
} {
  const outputs = members.map(outputOf);
  const inputs: Binding[] = [];
  for (const binding of members.flatMap(({ bindings }) => bindings)) {
    if (!outputs.some(sameAs(binding)) && !inputs.some(sameAs(binding))) inputs.push(binding);
  }
  return { inputs, outputs };
}

/** The one output of a launch. */
function outputOf({ bindings, product }: Launch): Binding {
  return bindings.at(product?.y ?? -1) as Binding;
}

function joins(group: Group, launch: Elementwise, mostBindings: number): boolean {
  const { product, members } = group;
  if ((product?.product ?? members[0]?.elementwise)?.count !== launch.elementwise.count)
    return false;
  // The uniform struct of a product has no room for numbers of others.
  if (product && launch.elementwise.parameters?.length) return false;
  const before = bindingsOf(launchesOf(group));
  // A result that the group binds already is refused below.
  const related = launch.bindings
    .map(sameAs)
    .some((isBound) => before.inputs.some(isBound) || before.outputs.some(isBound));
  const { inputs, outputs } = bindingsOf(launchesOf(group).concat(launch));
  // A dispatch may not read one part of a buffer and write another.
  const written = outputs.map(({ memory }) => memory);
  const apart =
    new Set(written).size === written.length &&
    inputs.every(({ memory }) => !written.includes(memory));
  // A product binds each of its operands, an absent bias too.
  return (
    related &&
    apart &&
    inputs.length + outputs.length + Number(product !== undefined) <= mostBindings
  );
}

/** Whether the group cannot run after the command instead of before it. */
function conflicts(group: Group, command: Command): boolean {
  const { inputs, outputs } = bindingsOf(launchesOf(group));
  const { read, written } = touched(command);
  const hits = (places: readonly Place[], bindings: readonly Binding[]) =>
    places.some(({ memory }) => bindings.some((binding) => binding.memory === memory));
  return hits(read, outputs) || hits(written, outputs) || hits(written, inputs);
}

async function compile(
  group: Group,
  all: readonly (Command | Group)[],
  kept: ReadonlySet<Allocation>,
): Promise<Command> {
  const launches = launchesOf(group);
  const [only] = launches;
  if (launches.length === 1 && only) return { kind: 'dispatch', launch: only };
  const { outputs } = bindingsOf(launches);
  const elsewhere = new Set(all.filter((item) => item !== group).flatMap(memoryOf));
  const isStored = ({ memory }: Binding, i: number) =>
    i === launches.length - 1 ||
    !(memory instanceof TracedAllocation) ||
    kept.has(memory) ||
    elsewhere.has(memory);
  const stored = outputs.flatMap((output, i) => (isStored(output, i) ? [i] : []));
  const { product, members } = group;
  const launch = product
    ? await withEpilogue(product, members, stored)
    : await chain(members, stored);
  return {
    kind: 'dispatch',
    launch: { ...launch, flops: launches.reduce((sum, one) => sum + flopsOf(one), 0) },
  };
}

/** Elementwise launches as one kernel that stores the results of those in `stored`. */
async function chain(members: readonly Elementwise[], stored: readonly number[]): Promise<Launch> {
  const { inputs, outputs } = bindingsOf(members);
  const [{ elementwise }] = members as [Elementwise];
  const { count } = elementwise;
  const numbers: UniformField[] = members.flatMap(({ elementwise: { parameters = [] } }) =>
    parameters.map(f32),
  );
  return {
    shader: await fusedShader({
      inputs: inputs.length,
      calls: callsOf(members, inputs, outputs),
      stored,
    }),
    bindings: [...inputs, ...stored.map((i) => outputs[i] as Binding)],
    uniforms: [u32(count), ...numbers],
    workgroups: gridOfFours(count),
  };
}

/**
 * A product that applies the functions of the launches to its sums; the first result in `stored`
 * takes the place of y.
 */
async function withEpilogue(
  product: Product,
  members: readonly Elementwise[],
  stored: readonly number[],
): Promise<Launch> {
  const { outputs } = bindingsOf([product, ...members]);
  const isSum = sameAs(outputs[0] as Binding);
  const inputs = bindingsOf(members).inputs.filter((input) => !isSum(input));
  const [y, ...others] = stored as [number, ...number[]];
  const shader = await epilogueShader({
    product: product.shader,
    first: product.bindings.length + 1, // behind the uniform struct
    inputs: inputs.length,
    calls: callsOf(members, inputs, outputs),
    y,
    stored: others,
  });
  const bindingOf = (call: number) => outputs[call] as Binding;
  return {
    ...product,
    shader,
    bindings: [
      ...product.bindings.with(product.product.y, bindingOf(y)),
      ...inputs,
      ...others.map(bindingOf),
    ],
  };
}

/**
 * The functions of the launches; what is among `outputs` is the result of the call in its place,
 * all else an input.
 */
function callsOf(
  members: readonly Elementwise[],
  inputs: readonly Binding[],
  outputs: readonly Binding[],
): FusedCall[] {
  const operandOf = (binding: Binding) => {
    const call = outputs.findIndex(sameAs(binding));
    return call >= 0 ? { call } : { input: inputs.findIndex(sameAs(binding)) };
  };
  return members.map(({ shader, bindings, elementwise: { parameters = [] } }) => ({
    shader,
    operands: bindings.slice(0, -1).map(operandOf),
    parameters: parameters.length,
  }));
}

function memoryOf(item: Command | Group): Allocation[] {
  if ('members' in item)
    return launchesOf(item).flatMap(({ bindings }) => bindings.map(({ memory }) => memory));
  return Object.values(touched(item))
    .flat()
    .map(({ memory }) => memory);
}

/** Whether another binding is the same range of the same memory. */
function sameAs(a: Binding): (b: Binding) => boolean {
  return (b) => a.memory === b.memory && a.offset === b.offset && a.size === b.size;
}
