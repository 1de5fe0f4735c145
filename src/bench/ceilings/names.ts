/** What settings of ceilings are called, or begin with: reports tell by it what a ceiling did. */
export const CEILINGS = {
  adds: 'multiply-adds',
  copy: 'copy of the same streams',
  storedLookUps: 'look-ups that are stored',
} as const;

/** What a ceiling does of a work: its operations, its streams, or look-ups of its own. */
export type CeilingKind = 'adds' | 'copy' | 'own';

/** Of a setting of a ceiling; undefined of commands and copies without a kernel, which do no work. */
export function ceilingKind(setting: string): CeilingKind | undefined {
  if (setting.startsWith(CEILINGS.adds)) return 'adds';
  if (setting.startsWith(CEILINGS.copy)) return 'copy';
  return setting === CEILINGS.storedLookUps ? 'own' : undefined;
}
