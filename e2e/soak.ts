/** How often a test kills what it watches: `npm run soak` asks for more than the usual number. */
export const killsOf = (usual: number): number => Number(process.env['GRADPROOF_KILLS'] ?? usual);

/** When: at other moments each time, unless a person names a seed. */
export const SEED = Number(process.env['GRADPROOF_SEED'] ?? Date.now() % 1e6);
