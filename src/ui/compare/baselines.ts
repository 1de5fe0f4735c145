import { messageOf } from '../../errors.ts';
import type { Baseline } from '../../report/compare/baselines.ts';
import type { Report } from '../../report/schema.ts';
import { Observable } from '../controls/observable.ts';
import { baselinesWords } from './baselines.en.ts';

/** The baselines that ship with the page, or why there are none to be had. */
export type BaselineList =
  | { readonly phase: 'loading' }
  | { readonly phase: 'ready'; readonly baselines: readonly Baseline[] }
  | { readonly phase: 'failed'; readonly problem: string };

/** The baselines beside the page; each is fetched when it is looked at. */
export class BaselineShelf {
  readonly list = new Observable<BaselineList>({ phase: 'loading' });
  #loading: Promise<void> | undefined;

  /** Loads the index, once unless that failed. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** the report of a baseline. Throws, with a line for people, when it cannot be had. */
  async report(name: string): Promise<Report> {
    await this.load();
    const list = this.list.value;
    const baseline =
      list.phase === 'ready' ? list.baselines.find((one) => one.name === name) : undefined;
    if (!baseline)
      throw new Error(list.phase === 'failed' ? list.problem : baselinesWords().noBaseline(name));
    const { readPacked } = await import('../../report/packed.ts');
    return readPacked(await get(baseline.file), baseline.file);
  }

  async #load(): Promise<void> {
    try {
      const { readBaselines } = await import('../../report/compare/baselines.ts');
      this.list.value = {
        phase: 'ready',
        baselines: readBaselines(new TextDecoder().decode(await get('INDEX.json'))),
      };
    } catch (error) {
      this.list.value = { phase: 'failed', problem: messageOf(error) };
      this.#loading = undefined;
    }
  }
}

async function get(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(`baselines/${file}`, document.baseURI)).catch(
    () => undefined,
  );
  if (!response?.ok) throw new Error(baselinesWords().notLoaded(`baselines/${file}`));
  return new Uint8Array(await response.arrayBuffer());
}
