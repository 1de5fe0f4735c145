/** The build finds the tests that cover rows: scripts/vite-covering-tests.ts. */
declare module 'virtual:covering-tests' {
  const tests: readonly {
    /** `test.<folder>:<title in kebab-case>` */
    readonly id: string;
    readonly backend: 'page' | 'command' | 'repository';
    readonly file: string;
    readonly title: string;
    readonly covers: readonly string[];
    /** The fault that must turn it red, in words. */
    readonly control: string;
  }[];
  export default tests;
  /** The fault that must turn each of them red, by the test's id. */
  export const faults: Readonly<Record<string, import('./covers.ts').SourceFault>>;
}
