import { link, parseSrcModule } from 'wesl/core';
import { GradproofError, messageOf } from '../../errors.ts';
import { withFuel } from './fuel.ts';
import { applyMutant, type Mutant } from './mutants.ts';

/** Text of the shaders' sources by path in shaders/, with extension. */
export type ShaderFiles = Readonly<Record<string, string>>;

/** The whole linked text of a kernel. */
export interface LinkedKernel {
  /** Path in shaders/ without extension. */
  readonly file: string;
  readonly code: string;
}

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
  readonly files: ShaderFiles;
  readonly #fuelled: ShaderFiles;
  readonly #paths = new Map<string, string>();
  readonly #linked = new Map<string, Promise<string>>();
  readonly #importers = new Map<string, readonly string[]>();

  constructor(files: ShaderFiles) {
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
  async original(): Promise<readonly LinkedKernel[]> {
    return Promise.all(this.kernels.map(async (file) => ({ file, code: await this.#link(file) })));
  }

  /**
   * The kernels whose text a mutant changes; none where nothing uses the place. Throws
   * {@link LinkError}.
   */
  async mutated(mutant: Mutant): Promise<readonly LinkedKernel[]> {
    const path = this.#pathOf(mutant.file);
    const kernels: LinkedKernel[] = [];
    for (const file of this.kernelsWith(mutant.file)) {
      try {
        const text = withFuel(mutant.file, applyMutant(this.textOf(mutant.file), mutant));
        const code = await linkedText({ ...this.#fuelled, [path]: text }, file);
        if (code !== (await this.#link(file))) kernels.push({ file, code });
      } catch (error) {
        throw new LinkError(error);
      }
    }
    return kernels;
  }

  /** The kernels that import a shader, directly or not; a kernel is its own. */
  kernelsWith(name: string): readonly string[] {
    const reaches = (from: string): boolean =>
      from === name || importsOf(from, this.textOf(from)).some(reaches);
    return cached(this.#importers, name, () => this.kernels.filter(reaches));
  }

  #link(kernel: string): Promise<string> {
    return cached(this.#linked, kernel, () => linkedText(this.#fuelled, kernel));
  }

  #pathOf(name: string): string {
    return this.#paths.get(name) ?? name;
  }
}

async function linkedText(weslSrc: ShaderFiles, kernel: string): Promise<string> {
  return (
    await link({ weslSrc, rootModuleName: `package::${kernel.replaceAll('/', '::')}` })
  ).dest.trim();
}

/** Names of the shaders that a source imports from. */
function importsOf(name: string, src: string): readonly string[] {
  const { imports } = parseSrcModule({
    modulePath: `package::${name.replaceAll('/', '::')}`,
    debugFilePath: name,
    src,
  });
  return imports.map(({ segments }) =>
    segments
      .slice(1)
      .map((segment) => segment.name)
      .join('/'),
  ); // after `package`
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
