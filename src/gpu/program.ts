import { seam } from '../seam.ts';
import { type ArenaPlan, type Block, planArena } from './arena.ts';
import type { Gpu } from './gpu.ts';
import { bindGroup, UNIFORM_ALIGNMENT } from './launch-slots.ts';
import type { Allocation, Place } from './memory.ts';
import { flopsOf, namedDispatch, type PreparedCommand, type Replayable } from './recorder.ts';
import { Scope } from './scope.ts';
import { type Shader, type Uniforms, uniformBytes } from './shader.ts';
import { type Command, launchesIn, refuse, TracedAllocation, touched } from './trace.ts';
import { UNIFORMS } from './usage.ts';

/** What a replay writes of a struct with numbers that change. */
const uniformsNow = seam('capture.uniforms_now', uniformBytes);

/**
 * The commands of a traced step with their memory, pipelines and bind groups: replayed, they need
 * no allocation and no launcher. Owns an arena that holds all that the step allocated, and one
 * buffer with the uniforms of all its launches.
 */
export class Program implements Replayable, Disposable {
  readonly commands: readonly PreparedCommand[];
  readonly shaders: ReadonlySet<Shader>;
  readonly plan: ArenaPlan;
  readonly #gpu: Gpu;
  /** Arena and uniforms. */
  readonly #owned: Scope;
  readonly #outside: ReadonlySet<Allocation>;
  readonly #changed: ReadonlySet<Allocation>;
  readonly #uniforms: GPUBuffer | undefined;
  /** Uniform structs with numbers that change. */
  readonly #live: {
    readonly offset: number;
    readonly uniforms: Uniforms;
    written: Uint8Array<ArrayBuffer>;
  }[] = [];

  /** `plan` as {@link planProgram} made it of the same commands. */
  constructor(gpu: Gpu, commands: readonly Command[], { plan, blocks }: ProgramPlan) {
    this.#gpu = gpu;
    this.plan = plan;
    using owned = new Scope();
    const slabs = plan.slabs.map((bytes) => {
      const slab = gpu.allocate(bytes);
      owned.add({ [Symbol.dispose]: () => gpu.free(slab) });
      return slab;
    });
    blocks.forEach((block, i) => {
      const { slab, offset } = plan.places[i] as { slab: number; offset: number };
      const { buffer } = slabs[slab] as Allocation;
      block.put(buffer, offset);
      if (block.content) gpu.write(block, block.content);
    });
    const launches = launchesIn(commands);
    this.shaders = new Set(launches.map(({ shader }) => shader));
    const outsideOf = (places: readonly Place[]) =>
      places.flatMap(({ memory }) => (memory instanceof TracedAllocation ? [] : [memory]));
    const uses = commands.map(touched);
    this.#changed = new Set(uses.flatMap(({ written }) => outsideOf(written)));
    this.#outside = new Set([...uses.flatMap(({ read }) => outsideOf(read)), ...this.#changed]);
    const size = launches.length * UNIFORM_ALIGNMENT;
    const buffer =
      launches.length === 0 ? undefined : gpu.device.createBuffer({ size, usage: UNIFORMS });
    owned.add({ [Symbol.dispose]: () => buffer?.destroy() });
    this.#uniforms = buffer;
    let used = 0;
    this.commands = commands.map((command) => {
      if (command.kind === 'copy') return command;
      const { shader, constants, uniforms, workgroups } = command.launch;
      const pipeline = gpu.recorder.pipelines.get(shader, constants);
      const bound = this.#bindUniforms(uniforms, used++ * UNIFORM_ALIGNMENT);
      return {
        kind: 'dispatch',
        pipeline,
        group: bindGroup(gpu.device, pipeline, command.launch, bound),
        workgroups,
        flops: flopsOf(command.launch),
        ...namedDispatch(command.launch),
      };
    });
    this.#owned = owned.move();
  }

  /**
   * Before a replay: counts it as a change of what it writes. Throws CaptureError when
   * memory from outside, which it uses, is gone.
   */
  begin(): void {
    for (const memory of this.#outside) {
      if (this.#gpu.memory.isLive(memory)) continue;
      refuse(
        'capture-stale',
        `a tensor of ${memory.bytes} bytes that the captured step uses was freed: capture the step again`,
      );
    }
    for (const memory of this.#changed) memory.version += 1;
  }

  news(): ReturnType<Replayable['news']> {
    const news: ReturnType<Replayable['news']>[number][] = [];
    for (const live of this.#live) {
      const bytes = uniformsNow(live.uniforms);
      if (isSame(bytes, live.written)) continue;
      live.written = bytes;
      news.push({ buffer: this.#uniforms as GPUBuffer, offset: live.offset, bytes });
    }
    return news;
  }

  #bindUniforms(uniforms: Uniforms | undefined, offset: number): GPUBufferBinding | undefined {
    const written = uniformBytes(uniforms);
    if (!this.#uniforms || written.byteLength === 0) return undefined;
    this.#gpu.device.queue.writeBuffer(this.#uniforms, offset, written);
    if (typeof uniforms === 'function') this.#live.push({ offset, uniforms, written });
    return { buffer: this.#uniforms, offset, size: written.byteLength };
  }

  [Symbol.dispose](): void {
    this.#gpu.submit(); // what was recorded uses the buffer that is destroyed
    this.#owned[Symbol.dispose]();
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What a program will need, known before anything is allocated. */
export interface ProgramPlan {
  readonly plan: ArenaPlan;
  /** The step's own allocations that are touched or kept, in the order of the plan's places. */
  readonly blocks: readonly TracedAllocation[];
}

/**
 * Plans the memory of a step. What `kept` names, and what the host wrote, keeps its place to the
 * end. Throws CaptureError.
 */
export function planProgram(
  commands: readonly Command[],
  kept: ReadonlySet<Allocation>,
  largest: number,
): ProgramPlan {
  const blocks: { memory: TracedAllocation; first: number; last: number; apart: Set<number> }[] =
    [];
  const indices = new Map<Allocation, number>();
  /** None for memory from outside, else one. */
  const indicesOf = ({ memory }: Place, at: number): readonly number[] => {
    if (!(memory instanceof TracedAllocation)) return [];
    let index = indices.get(memory);
    if (index === undefined) {
      const first = memory.content ? 0 : at;
      index = blocks.push({ memory, first, last: at, apart: new Set() }) - 1;
      indices.set(memory, index);
    }
    (blocks[index] as { last: number }).last =
      memory.content || kept.has(memory) ? commands.length : at;
    return [index];
  };
  commands.forEach((command, at) => {
    const { read, written } = touched(command);
    const [sources, targets] = [read, written].map((places) =>
      places.flatMap((place) => indicesOf(place, at)),
    ) as [number[], number[]];
    for (const source of sources) for (const target of targets) blocks[source]?.apart.add(target);
    for (const target of targets) {
      for (const source of sources) blocks[target]?.apart.add(source);
      refuseConstant(blocks[target]?.memory, command);
    }
  });
  // Also what no command touches, such as an empty tensor or what the host wrote.
  for (const memory of kept) indicesOf({ memory, offset: 0 }, commands.length);
  const shapes: Block[] = blocks.map(({ memory, ...block }) => ({ bytes: memory.bytes, ...block }));
  return { plan: planArena(shapes, largest), blocks: blocks.map(({ memory }) => memory) };
}

function refuseConstant(memory: TracedAllocation | undefined, command: Command): void {
  if (!memory?.content) return;
  const who = command.kind === 'copy' ? 'a copy' : command.launch.shader.file;
  refuse(
    'capture-write',
    `${who} changes what the host wrote once in a captured step: a replay would start from the changed values`,
  );
}
