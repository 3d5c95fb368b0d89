/** The part of `ncalayer-js-client` that the tests use. The package has no types. */
declare module 'ncalayer-js-client' {
  export interface Client {
    /** Resolves with NCALayer's version. */
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
    /** With `allowKmdHttpApi` false, the client only uses the WebSocket. */
    new (url: string, allowKmdHttpApi: boolean): Client;
    readonly basicsStorageAll: null;
    readonly basicsCMSParamsDetachedNoTSP: object;
    readonly basicsSignerSignPerson: object;
  }

  const library: { readonly NCALayerClient: ClientClass };
  // biome-ignore lint/style/noDefaultExport: this is how a CommonJS package arrives
  export default library;
}
