/** Bundles the entries into a folder. */
export function buildScripts(outdir: string): Promise<void>;
/** The digest of the AssemblyScript sources. */
export function assemblyDigest(): string;
