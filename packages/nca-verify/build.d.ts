/** Bundles the entries into a folder. */
export function buildScripts(outdir: string, options?: { readonly assembly?: boolean }): Promise<string[]>;
/** Writes the declarations into a folder. */
export function buildDeclarations(outdir: string): void;
/** The digest of the AssemblyScript sources. */
export function assemblyDigest(): string;
/** Compiles a module of `assembly/` to a file. False when the compiler is not installed. */
export function compileAssembly(entry: string, file: string): Promise<boolean>;
