/** What settings of ceilings are called, or begin with: reports tell by it what a ceiling did. */
export const CEILINGS = {
  adds: 'multiply-adds',
  copy: 'copy of the same streams',
  storedLookUps: 'look-ups that are stored',
} as const;
