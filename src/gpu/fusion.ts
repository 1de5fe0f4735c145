import { epilogueShader } from './epilogue.ts';
import { type FusedCall, fusedShader } from './fused-shader.ts';
import { readingHalves } from './half-reads.ts';
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
  readonly members: readonly Elementwise[];
}

/**
 * The commands with elementwise launches that follow from each other, from a product or from the
 * same input, made one kernel each; a launch that needs the results of several kernels joins them. A
 * result that only members of its kernel use stays in registers. `kept` is memory that must hold
 * its result. Launches move toward the last of their group, never past a command that touches what
 * they write or writes what they read; `mostBindings` is the device's limit.
 */
export async function fused(
  commands: readonly Command[],
  kept: ReadonlySet<Allocation>,
  mostBindings: number,
): Promise<Command[]> {
  const uses = new Uses(commands, kept);
  const result: (Command | Group)[] = [];
  // Groups that could still run where the next command does.
  let open: Group[] = [];
  for (const command of commands) {
    const launch = command.kind === 'dispatch' ? command.launch : undefined;
    const joined =
      launch && isElementwise(launch) ? groupsFor(launch, open, uses, mostBindings) : [];
    const group = launch && together([...joined, ...groupOf(launch)], uses);
    for (const one of joined) result.splice(result.indexOf(one), 1);
    open = open.filter((one) => !joined.includes(one) && !conflicts(one, command));
    if (group) open.push(group);
    result.push(group ?? command);
  }
  return Promise.all(result.map((item) => ('members' in item ? compile(item, uses) : item)));
}

/** Which commands use what memory, and in which order they stand. */
class Uses {
  readonly #kept: ReadonlySet<Allocation>;
  readonly #places = new Map<Launch, number>();
  readonly #counts = new Map<Allocation, number>();

  constructor(commands: readonly Command[], kept: ReadonlySet<Allocation>) {
    this.#kept = kept;
    for (const [place, command] of commands.entries()) {
      if (command.kind === 'dispatch') this.#places.set(command.launch, place);
      const places = Object.values(touched(command)).flat();
      for (const memory of new Set(places.map((one) => one.memory)))
        this.#counts.set(memory, (this.#counts.get(memory) ?? 0) + 1);
    }
  }

  /** In the order of their commands. */
  sorted(launches: readonly Elementwise[]): Elementwise[] {
    const placeOf = (launch: Launch) => this.#places.get(launch) ?? 0;
    return launches.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  /** Of launches in one kernel those, by their places, whose results more than they need. */
  storedOf(launches: readonly Launch[]): readonly number[] {
    const isStored = ({ memory }: Binding, i: number) => {
      const isInRegisters =
        i < launches.length - 1 &&
        memory instanceof TracedAllocation &&
        !this.#kept.has(memory) &&
        launches.filter((launch) => binds(launch, memory)).length === this.#counts.get(memory);
      return !isInRegisters;
    };
    return launches.map(outputOf).flatMap((output, i) => (isStored(output, i) ? [i] : []));
  }
}

function binds({ bindings }: Launch, memory: Allocation): boolean {
  return bindings.some((binding) => binding.memory === memory);
}

function launchesOf({ product, members }: Group): readonly Launch[] {
  return product ? [product, ...members] : members;
}

function isProduct(launch: Launch): launch is Product {
  return launch.product !== undefined;
}

/** A launch that others can follow, alone; none for any other. */
function groupOf(launch: Launch): readonly Group[] {
  if (isElementwise(launch)) return [{ members: [launch] }];
  return isProduct(launch) ? [{ product: launch, members: [] }] : [];
}

/** Groups as one; undefined for none, or for two products. */
function together(groups: readonly Group[], uses: Uses): Group | undefined {
  const [product, another] = groups.flatMap((group) => group.product ?? []);
  if (groups.length === 0 || another) return undefined;
  const members = uses.sorted(groups.flatMap((group) => group.members));
  return { ...(product ? { product } : {}), members };
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

/**
 * The groups that a launch joins: the last that it has something to do with, and others whose
 * results it needs.
 */
function groupsFor(
  launch: Elementwise,
  open: readonly Group[],
  uses: Uses,
  mostBindings: number,
): readonly Group[] {
  const operands = launch.bindings.map(sameAs);
  const joined: Group[] = [];
  for (const group of open.toReversed()) {
    const { inputs, outputs } = bindingsOf(launchesOf(group));
    const related = joined.length === 0 ? [...outputs, ...inputs] : outputs;
    if (!operands.some((isOperand) => related.some(isOperand))) continue;
    const whole = together([...joined, group, { members: [launch] }], uses);
    if (whole && isKernel(whole, uses, mostBindings)) joined.push(group);
  }
  return joined;
}

/** Whether one kernel can do what a group does. */
function isKernel(group: Group, uses: Uses, mostBindings: number): boolean {
  const { product, members } = group;
  const [first] = members;
  const count = (product?.product ?? first?.elementwise)?.count;
  if (members.some(({ elementwise }) => elementwise.count !== count)) return false;
  // The uniform struct of a product has no room for numbers of others, and its epilogue knows
  // float32 alone.
  const isPlain = ({ elementwise: { parameters = [], cast } }: Elementwise) =>
    parameters.length === 0 && !cast;
  if (product && !members.every(isPlain)) return false;
  const launches = launchesOf(group);
  const { inputs, outputs } = bindingsOf(launches);
  // A dispatch may not read one part of a buffer and write another.
  const written = outputs.map(({ memory }) => memory);
  const isApart =
    new Set(written).size === written.length &&
    inputs.every(({ memory }) => !written.includes(memory));
  // A product binds each of its operands, an absent bias too.
  const bound = inputs.length + uses.storedOf(launches).length + Number(product !== undefined);
  return isApart && bound <= mostBindings;
}

/** Whether the group cannot run after the command instead of before it. */
function conflicts(group: Group, command: Command): boolean {
  const { inputs, outputs } = bindingsOf(launchesOf(group));
  const { read, written } = touched(command);
  const hits = (places: readonly Place[], bindings: readonly Binding[]) =>
    places.some(({ memory }) => bindings.some((binding) => binding.memory === memory));
  return hits(read, outputs) || hits(written, outputs) || hits(written, inputs);
}

async function compile(group: Group, uses: Uses): Promise<Command> {
  const launches = launchesOf(group);
  const [only] = launches;
  if (launches.length === 1 && only) return { kind: 'dispatch', launch: only };
  const stored = uses.storedOf(launches);
  const { product, members } = group;
  const launch = product
    ? await withEpilogue(product, members, stored)
    : await chain(members, stored);
  return {
    kind: 'dispatch',
    launch: {
      ...readingHalves(launch),
      flops: launches.reduce((sum, one) => sum + flopsOf(one), 0),
    },
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
  return members.map(({ shader, bindings, elementwise: { parameters = [], cast } }) => ({
    shader,
    operands: bindings.slice(0, -1).map(operandOf),
    parameters: parameters.length,
    ...(cast ? { cast } : {}),
  }));
}

/** Whether another binding is the same range of the same memory. */
function sameAs(a: Binding): (b: Binding) => boolean {
  return (b) => a.memory === b.memory && a.offset === b.offset && a.size === b.size;
}
