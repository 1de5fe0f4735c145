/**
 * Whether an entry of `llm_int8_skip_modules` names a module, as transformers has it
 * (should_convert_module of quantizers_utils.py): its name ends so, or begins so up to a dot or its
 * end, where the entry is an expression, here JavaScript's. Throws SyntaxError for one that is none.
 */
export function skipRule(entry: string): (module: string) => boolean {
  const start = new RegExp(`^(?:${entry})(?:(?<=\\.)|(?=\\.|$))`);
  return (module) => module.endsWith(entry) || start.test(module);
}

/** Whether an entry is one that {@link skipRule} takes. */
export function isSkipRule(entry: string): boolean {
  try {
    skipRule(entry);
    return true;
  } catch {
    return false;
  }
}
