import type { Allocation, Binding } from './memory.ts';
import type { Launch } from './recorder.ts';
import { type Command, TracedAllocation, touched } from './trace.ts';

/** A part of memory is bound at multiples of it. Bytes. */
const ALIGNMENT = 256;
/** What is bound ends on a whole vec4f; a kernel leaves alone what is past its last element. Bytes. */
const UNIT = 16;

type Copy = Extract<Command, { kind: 'copy' }>;
type Dispatch = Extract<Command, { kind: 'dispatch' }>;

/**
 * The commands without copies of what a kernel could have written there itself, as gradients are
 * copied to where the optimizer reads them: a copy ends the pass, and takes the host as long as
 * several dispatches. The kernel writes to the copy's target where all of its result goes there, and
 * nothing else uses either in between. `kept` is memory that must hold its result.
 */
export function writtenDirectly(
  commands: readonly Command[],
  kept: ReadonlySet<Allocation>,
): readonly Command[] {
  const uses = usesOf(commands);
  const result: (Command | undefined)[] = [...commands];
  for (const [at, command] of commands.entries()) {
    if (command.kind !== 'copy') continue;
    const source = command.from.memory;
    const places = uses.get(source) ?? [];
    const [from = at] = places;
    const writer = result[from];
    if (kept.has(source) || places.length !== 2 || writer?.kind !== 'dispatch') continue;
    const between = result.slice(from + 1, at).flatMap((one) => one ?? []);
    if (!isWhole(command, source) || between.some((one) => usesTarget(one, command))) continue;
    const launch = writingTo(writer, command);
    if (!launch) continue;
    result[from] = { kind: 'dispatch', launch };
    result[at] = undefined;
  }
  return result.flatMap((command) => command ?? []);
}

/** The places of the commands that use each allocation. */
function usesOf(commands: readonly Command[]): ReadonlyMap<Allocation, readonly number[]> {
  const uses = new Map<Allocation, number[]>();
  for (const [at, command] of commands.entries()) {
    const { read, written } = touched(command);
    for (const { memory } of [...read, ...written]) {
      const places = uses.get(memory) ?? [];
      if (places.at(-1) !== at) places.push(at);
      uses.set(memory, places);
    }
  }
  return uses;
}

/** Whether a copy moves all of what a step allocated to memory from outside that can be bound. */
function isWhole({ from, to, bytes }: Copy, source: Allocation): boolean {
  return (
    source instanceof TracedAllocation &&
    !source.content &&
    from.offset === 0 &&
    bytes === source.bytes &&
    !(to.memory instanceof TracedAllocation) &&
    (to.memory.offset + to.offset) % ALIGNMENT === 0
  );
}

/** Whether a command reads or changes a part of what a copy changes. */
function usesTarget(command: Command, { to, bytes }: Copy): boolean {
  const { read, written } = touched(command);
  const sizeOf = (place: object) =>
    command.kind === 'copy' ? command.bytes : (place as Binding).size;
  return [...read, ...written].some(
    (place) =>
      place.memory === to.memory &&
      place.offset < to.offset + bytes &&
      to.offset < place.offset + sizeOf(place),
  );
}

/**
 * The launch with its result where the copy would bring it; undefined where it cannot be bound
 * there, since a dispatch may bind a buffer that it writes once alone.
 */
function writingTo({ launch }: Dispatch, { from, to, bytes }: Copy): Launch | undefined {
  const { bindings } = launch;
  const own = bindings.filter(({ memory }) => memory === from.memory);
  const [binding] = own;
  if (own.length !== 1 || binding?.offset !== 0) return undefined;
  if (bindings.some(({ memory }) => memory === to.memory)) return undefined;
  if (binding.size >= bytes + UNIT) return undefined;
  const direct = { ...binding, memory: to.memory, offset: to.offset };
  return { ...launch, bindings: bindings.map((one) => (one === binding ? direct : one)) };
}
