import { OptionError } from '../harness/option.ts';
import type { Contender } from './contender.ts';
import type { BenchHost } from './host.ts';
import type { Work } from './work.ts';

/**
 * Who tries a work: the ceilings alone what is one, no peer what is ours alone, and our engine alone
 * what keeps a run, which the host does most of.
 */
export function triedBy({ name }: Contender, work: Work): boolean {
  if (work.kind === 'ceiling') return name === 'ceiling';
  if (work.kind === 'step' && work.timed) return name === 'webgpu';
  return !work.isOurs || name === 'webgpu' || name === 'ceiling';
}

/** Those settings whose name has the text; all where none has. */
export function wantedSettings(
  settings: readonly string[],
  text: string | undefined,
): readonly string[] {
  const some = text === undefined ? [] : settings.filter((setting) => setting.includes(text));
  return some.length > 0 ? some : settings;
}

/** Throws OptionError for an asked setting that would leave every work of the run as it is. */
export function checkSettings({
  works,
  contenders,
  options,
  isProcessor,
}: Pick<BenchHost, 'works' | 'contenders' | 'options' | 'isProcessor'>): void {
  for (const [name, text] of Object.entries(options.settings)) {
    const contender = contenders.find((one) => one.name === name);
    if (!contender) {
      const others = contenders.map((one) => one.name).join(', ');
      throw new OptionError(`setting ${name}=${text}: it takes no part: there are ${others}`);
    }
    if (contender.unopened) continue;
    const known = new Set<string>();
    const isKnown = works.some((work) => {
      if (!triedBy(contender, work) || (work.isLarge && isProcessor)) return false;
      const settings = contender.settingsFor(work);
      if ('reason' in settings) return false;
      for (const setting of settings) known.add(setting);
      return settings.some((setting) => setting.includes(text));
    });
    if (!isKnown)
      throw new OptionError(
        `setting ${name}=${text}: no work of the run has one: there are ${[...known].sort().join('; ') || 'none'}`,
      );
  }
}
