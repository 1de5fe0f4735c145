import type { Allocation, Place } from './memory.ts';
import { type Command, type Trace, touched } from './trace.ts';

/**
 * What two traces of one step differ in, in words, or undefined: a capture would freeze it. Memory
 * of the step itself is the same where it was asked for at the same point; live numbers may differ.
 */
export function differenceOf(first: Trace, second: Trace): string | undefined {
  if (first.commands.length !== second.commands.length) {
    return `it records ${first.commands.length} commands and then ${second.commands.length}`;
  }
  const [a, b] = [first, second].map(
    (trace) =>
      new Map<Allocation, number>(trace.allocations.map((allocation, i) => [allocation, i])),
  );
  const sameMemory = (x: Place, y: Place) => {
    const i = a?.get(x.memory);
    const j = b?.get(y.memory);
    return i === j && (i !== undefined || x.memory === y.memory) && x.offset === y.offset;
  };
  for (const [i, command] of first.commands.entries()) {
    const difference = differenceAt(command, second.commands[i] as Command, sameMemory);
    if (difference) return `command ${i + 1}, ${nameOf(command)}: ${difference}`;
  }
  const changed = first.allocations.findIndex(
    ({ content }, i) => content && differ(content, second.allocations[i]?.content),
  );
  return changed < 0
    ? undefined
    : `what the host writes to its allocation ${changed + 1} changes from one run to the next`;
}

function differenceAt(
  a: Command,
  b: Command,
  sameMemory: (x: Place, y: Place) => boolean,
): string | undefined {
  if (nameOf(a) !== nameOf(b)) return `then ${nameOf(b)} comes in its place`;
  const [x, y] = [a, b].map((command) => Object.values(touched(command)).flat());
  if (x?.length !== y?.length || x?.some((place, i) => !sameMemory(place, y?.[i] as Place)))
    return 'it uses other memory the second time';
  if (a.kind === 'copy') return undefined;
  const first = a.launch;
  // Of the same name, so that it is no copy either.
  const { launch: second } = b as typeof a;
  const shape = ({ constants, workgroups }: typeof first) =>
    JSON.stringify([constants, workgroups]);
  if (shape(first) !== shape(second))
    return `its constants or workgroups are ${shape(first)} and then ${shape(second)}`;
  if (typeof first.uniforms === 'function') return undefined;
  const fields = first.uniforms ?? [];
  const others = typeof second.uniforms === 'function' ? [] : (second.uniforms ?? []);
  const changed = fields.findIndex(({ value }, i) => !Object.is(value, others[i]?.value));
  return changed < 0
    ? undefined
    : `number ${changed + 1} of its uniforms is ${fields[changed]?.value} and then ${others[changed]?.value}`;
}

function nameOf(command: Command): string {
  return command.kind === 'copy' ? 'a copy' : command.launch.shader.file;
}

function differ(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.byteLength !== b?.byteLength || a.some((byte, i) => byte !== b[i]);
}
