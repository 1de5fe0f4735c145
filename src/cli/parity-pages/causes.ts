/** Why samples of torch deviate or fail, by `SUBJECT deviates` or `SUBJECT fails`. */
export const CAUSES: Readonly<Record<string, string>> = {};
