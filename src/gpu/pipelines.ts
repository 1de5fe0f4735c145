import { textReading } from './half-reads.ts';
import { type Shader, textOf } from './shader.ts';

/** Values of a kernel's `override` constants. */
export type Constants = Readonly<Record<string, number>>;

/**
 * A change of a shader's linked text: of one fragment, as a control asks for it, in each text that
 * is linked with what has it; or of the whole, as a mutation does, of one text where there are
 * several.
 */
export type ShaderEdit =
  | { readonly from: string; readonly to: string }
  | { readonly code: string; readonly link?: string | undefined };

const SHARED_MEMORY = /var\s*<\s*workgroup\s*>|\batomic\s*</;

/** Compute pipelines by shader and constants, compiled once per device. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #ready = new Map<string, GPUComputePipeline>();
  /** The same by a shader and its constants as they were given, until a shader is edited. */
  #given = new WeakMap<Shader, Map<string, GPUComputePipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #edits = new Map<string, ShaderEdit>();
  readonly #shared = new Set<string>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The pipeline, compiled now if it is new: compile errors reach the device's error scope. */
  get(shader: Shader, constants: Constants = {}): GPUComputePipeline {
    let given = this.#given.get(shader);
    if (!given) {
      given = new Map();
      this.#given.set(shader, given);
    }
    let numbers = '';
    for (const name in constants) numbers += `${name} ${constants[name]} `;
    let pipeline = given.get(numbers);
    if (!pipeline) {
      pipeline = this.#find(shader, constants);
      given.set(numbers, pipeline);
    }
    return pipeline;
  }

  #find(shader: Shader, constants: Constants): GPUComputePipeline {
    const key = this.#key(shader, constants);
    let pipeline = this.#ready.get(key);
    if (!pipeline) {
      pipeline = this.#device.createComputePipeline(this.#describe(shader, constants));
      this.#ready.set(key, pipeline);
    }
    return pipeline;
  }

  /**
   * The values of the `override` constants of every pipeline that was made of a shader, each once.
   */
  constantsOf(file: string): readonly Constants[] {
    const keys = [...this.#ready.keys()].map(
      (key) => JSON.parse(key) as [file: string, numbers: [string, number][], ...rest: unknown[]],
    );
    const texts = keys.filter(([of]) => of === file).map(([, numbers]) => JSON.stringify(numbers));
    return [...new Set(texts)].map((text) =>
      Object.fromEntries(JSON.parse(text) as [string, number][]),
    );
  }

  /** Changes the shaders as `other` does now. */
  takeEdits(other: Pipelines): void {
    for (const [text, edit] of other.#edits) this.#edits.set(text, edit);
    this.#given = new WeakMap();
  }

  /**
   * Whether invocations of a compiled shader share memory that they write, so that a race may
   * change its results from run to run.
   */
  mayRace(file: string): boolean {
    return this.#shared.has(file);
  }

  /**
   * Changes the shader `file` until the result is disposed. A fragment must occur exactly once in
   * it, or of a shader with several texts at most once in each. Of two changes one would be lost, so a second is refused, except of a fragment while the
   * whole is changed: it applies to the original, which a mutant takes back afterwards.
   */
  edit(file: string, edit: ShaderEdit): Disposable {
    const text = textOf({ file, link: 'code' in edit ? edit.link : undefined });
    const before = this.#edits.get(text);
    if (before && !('code' in before))
      throw new Error(`fault: ${file} is edited already, and one edit would replace the other`);
    this.#edits.set(text, edit);
    this.#given = new WeakMap();
    return {
      [Symbol.dispose]: () => {
        this.#given = new WeakMap();
        if (before) this.#edits.set(text, before);
        else this.#edits.delete(text);
        const marker = JSON.stringify(edit);
        for (const key of this.#ready.keys())
          if (key.endsWith(`${marker}]`)) this.#ready.delete(key);
      },
    };
  }

  /** The WGSL that a shader is compiled from, as it is read and edited now. */
  codeOf(shader: Shader): string {
    return textReading(shader, this.#editedCode(shader));
  }

  #key(shader: Shader, constants: Constants): string {
    const edit = this.#editOf(shader);
    const numbers = Object.entries(constants).sort();
    return JSON.stringify([shader.file, numbers, shader.link, shader.reads, edit]);
  }

  /** The change of a fragment, which is of all texts, comes before that of the whole text. */
  #editOf({ file, link }: Shader): ShaderEdit | undefined {
    return this.#edits.get(file) ?? this.#edits.get(textOf({ file, link }));
  }

  #describe(shader: Shader, constants: Constants): GPUComputePipelineDescriptor {
    return {
      label: shader.file,
      layout: 'auto',
      compute: { module: this.#module(shader), entryPoint: 'main', constants: { ...constants } },
    };
  }

  #module(shader: Shader): GPUShaderModule {
    const code = this.codeOf(shader);
    if (SHARED_MEMORY.test(code)) this.#shared.add(shader.file);
    if (this.#editOf(shader)) return this.#device.createShaderModule({ label: shader.file, code });
    let module = this.#modules.get(code);
    if (!module) {
      module = this.#device.createShaderModule({ label: shader.file, code });
      this.#modules.set(code, module);
    }
    return module;
  }

  #editedCode(shader: Shader): string {
    const edit = this.#editOf(shader);
    if (!edit) return shader.code;
    if ('code' in edit) return edit.code;
    const parts = shader.code.split(edit.from);
    if (parts.length === 1 && shader.link !== undefined) return shader.code;
    if (parts.length !== 2)
      throw new Error(
        `fault: "${edit.from}" occurs ${parts.length - 1} times in ${shader.file}, not once`,
      );
    return parts.join(edit.to);
  }
}
