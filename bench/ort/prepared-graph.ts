import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Coarser, PreparedWork } from '../../src/bench/contender.ts';
import type { Results } from '../../src/graph/call.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { ElementType } from './onnx/graph.ts';
import type { Built } from './onnx/operator.ts';

/** Tensors where the provider computes. */
export interface Binding {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Resolves when all that was run is done. Throws what went wrong meanwhile. */
  sync(): Promise<void>;
  read(result: Tensor, type: ElementType): Promise<HostTensor>;
  /** What is known of the provider. */
  readonly metrics?: Readonly<Record<string, number>>;
  dispose(): Promise<void>;
}

/** A session with all that it reads and writes bound. */
export class PreparedGraph implements PreparedWork {
  readonly coarser?: Coarser;
  readonly #built: Built;
  readonly #session: InferenceSession;
  readonly #binding: Binding;
  readonly #fetches: Readonly<Record<string, Tensor>>;

  private constructor(
    built: Built,
    session: InferenceSession,
    binding: Binding,
    fetches: Readonly<Record<string, Tensor>>,
  ) {
    this.#built = built;
    this.#session = session;
    this.#binding = binding;
    this.#fetches = fetches;
    if (built.coarser) this.coarser = built.coarser;
  }

  /**
   * Runs the session once, which compiles it, and makes the results. All other runs write to them
   * again: commands that were captured cannot write elsewhere.
   */
  static async of(
    built: Built,
    session: InferenceSession,
    bind: () => Binding,
  ): Promise<PreparedGraph> {
    let binding: Binding | undefined;
    try {
      binding = bind();
      const fetches = await session.run(binding.feeds);
      await binding.sync();
      return new PreparedGraph(built, session, binding, fetches);
    } catch (error) {
      await session.release();
      await binding?.dispose();
      throw error;
    }
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await this.#session.run(this.#binding.feeds, this.#fetches);
    await this.#binding.sync();
  }

  /** As its documents show it: results are asked for on the host after each run. */
  async runDocumented(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const results = await this.#session.run(this.#binding.feeds);
      for (const tensor of Object.values(results)) {
        await tensor.getData();
        tensor.dispose();
      }
    }
  }

  async results(): Promise<Results<HostTensor>> {
    await this.run(1);
    const outputs: Record<string, HostTensor> = {};
    for (const [name, { value, type, back }] of Object.entries(this.#built.outputs)) {
      const given = await this.#binding.read(this.#fetches[value] as Tensor, type);
      outputs[name] = back ? back(given) : given;
    }
    return { outputs, gradients: {} };
  }

  readonly metrics = () => this.#binding.metrics ?? {};

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tensor of Object.values(this.#fetches)) tensor.dispose();
    await this.#session.release();
    await this.#binding.dispose();
  }
}
