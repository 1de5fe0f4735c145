import { link } from 'wesl/core';
import { GradproofError, messageOf } from '../../errors.ts';
import {
  importsOf,
  linksOf,
  type ModuleTexts,
  modulesFor,
  standingAt,
} from '../../gpu/linked-modules.ts';
import type { Shader } from '../../gpu/shader.ts';
import { withFuel } from './fuel.ts';
import { applyMutant, type Mutant } from './mutants.ts';

/** One text of a kernel. */
type Text = Pick<Shader, 'file' | 'link'>;

/** A change that WESL cannot parse or link. */
export class LinkError extends GradproofError {
  constructor(cause: unknown) {
    super('does-not-link', messageOf(cause).split('\n')[0] ?? '');
  }
}

/**
 * The sources of all shaders, every loop with fuel, and what a mutant makes of the kernels that
 * contain it.
 */
export class ShaderSources {
  readonly files: ModuleTexts;
  readonly #fuelled: ModuleTexts;
  readonly #paths = new Map<string, string>();
  readonly #linked = new Map<string, Promise<string>>();
  readonly #importers = new Map<string, readonly string[]>();

  constructor(files: ModuleTexts) {
    this.files = files;
    for (const path of Object.keys(files)) this.#paths.set(nameOf(path), path);
    this.#fuelled = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, withFuel(nameOf(path), text)]),
    );
  }

  /** Names of all shaders: paths without extension, in order. */
  get names(): readonly string[] {
    return [...this.#paths.keys()].sort();
  }

  /** Names of the kernels: WGSL files, where WESL files are what they import. */
  get kernels(): readonly string[] {
    return this.names.filter((name) => this.#pathOf(name).endsWith('.wgsl'));
  }

  textOf(name: string): string {
    return this.files[this.#pathOf(name)] ?? '';
  }

  /** Every kernel as it is, apart from the fuel. */
  async original(): Promise<readonly Shader[]> {
    return Promise.all(
      this.kernels
        .flatMap((file) => this.#textsOf(file))
        .map(async (text) => ({ ...text, code: await this.#link(text) })),
    );
  }

  /**
   * The kernels whose text a mutant changes; none where nothing uses the place. Throws
   * {@link LinkError}.
   */
  async mutated(mutant: Mutant): Promise<readonly Shader[]> {
    const path = this.#pathOf(mutant.file);
    const kernels: Shader[] = [];
    for (const kernel of this.kernelsWith(mutant.file).flatMap((file) => this.#textsOf(file))) {
      try {
        const text = withFuel(mutant.file, applyMutant(this.textOf(mutant.file), mutant));
        const code = await linkedText({ ...this.#fuelled, [path]: text }, kernel);
        if (code !== (await this.#link(kernel))) kernels.push({ ...kernel, code });
      } catch (error) {
        throw new LinkError(error);
      }
    }
    return kernels;
  }

  /** The kernels that import a shader, directly or not; a kernel is its own. */
  kernelsWith(name: string): readonly string[] {
    return cached(this.#importers, name, () =>
      this.kernels.filter((kernel) => this.#reachedFrom(kernel).has(name)),
    );
  }

  /** A shader and all that it imports, directly or not. */
  #reachedFrom(name: string, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const imported of this.#importsOf(name)) this.#reachedFrom(imported, seen);
    return seen;
  }

  /** Where a module is left open, all those that may stand for it. */
  #importsOf(name: string): readonly string[] {
    return importsOf(this.textOf(name)).flatMap((imported) => standingAt(this.files, imported));
  }

  /** A kernel, or its texts where it leaves modules open. */
  #textsOf(file: string): readonly Text[] {
    const links = linksOf(this.files, file);
    return links.length === 0 ? [{ file }] : links.map((link) => ({ file, link }));
  }

  #link(kernel: Text): Promise<string> {
    return cached(this.#linked, JSON.stringify(kernel), () => linkedText(this.#fuelled, kernel));
  }

  #pathOf(name: string): string {
    return this.#paths.get(name) ?? name;
  }
}

async function linkedText(modules: ModuleTexts, { file, link: name }: Text): Promise<string> {
  const rootModuleName = `package::${file.replaceAll('/', '::')}`;
  const weslSrc = { ...modulesFor(modules, name) };
  return (await link({ weslSrc, rootModuleName })).dest.trim();
}

function nameOf(path: string): string {
  return path.replace(/\.\w+$/, '');
}

function cached<T>(values: Map<string, T>, key: string, make: () => T): T {
  const known = values.get(key);
  if (known !== undefined) return known;
  const made = make();
  values.set(key, made);
  return made;
}
