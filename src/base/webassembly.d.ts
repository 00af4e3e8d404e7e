/** What linkd uses of WebAssembly's JavaScript interface, which @types/node of version 20 leaves out. */
declare namespace WebAssembly {
  /** Compiled code. Throws a CompileError when the engine doesn't know what it uses. */
  const Module: new (code: Uint8Array) => Module;
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  /** Pages of 64 KiB. Throws a RangeError when they can't be had. */
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
