/** The build links a shader with what it imports and hands over its name and text. */
declare module '*.wgsl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}

declare module '*.wesl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}
