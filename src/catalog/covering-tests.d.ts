/** The build finds the tests that cover rows: scripts/vite-covering-tests.ts. */
declare module 'virtual:covering-tests' {
  const tests: readonly {
    /** `test.<folder>:<title in kebab-case>` */
    readonly id: string;
    readonly backend: 'page' | 'command' | 'repository';
    readonly file: string;
    readonly title: string;
    readonly covers: readonly string[];
  }[];
  export default tests;
}
