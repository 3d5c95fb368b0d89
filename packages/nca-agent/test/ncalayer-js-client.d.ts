/** What the tests use of `ncalayer-js-client`, which has no types. */
declare module 'ncalayer-js-client' {
  export interface Client {
    /** Gives NCALayer's version. */
    connect(): Promise<string>;
    getActiveTokens(): Promise<unknown>;
    basicsSignCMS(
      storages: readonly string[] | null,
      data: string | readonly string[],
      signing: object,
      signer: object,
      locale?: string,
    ): Promise<unknown>;
    createCAdESFromBase64(
      storage: string,
      data: string,
      keyType?: string,
      attach?: boolean,
    ): Promise<unknown>;
    getKeyInfo(storage: string): Promise<unknown>;
    readonly isKmd: boolean;
    readonly wsConnection: { close(): void };
  }

  interface ClientClass {
    /** With `allowKmdHttpApi` false it signs over the WebSocket alone. */
    new (url: string, allowKmdHttpApi: boolean): Client;
    readonly basicsStorageAll: null;
    readonly basicsCMSParamsDetachedNoTSP: object;
    readonly basicsSignerSignPerson: object;
  }

  const library: { readonly NCALayerClient: ClientClass };
  // biome-ignore lint/style/noDefaultExport: what a CommonJS package gives to an import
  export default library;
}
